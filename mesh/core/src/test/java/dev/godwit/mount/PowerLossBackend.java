package dev.godwit.mount;

import dev.godwit.backend.Backend;
import dev.godwit.backend.MemoryBackend;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Random;

/** A disk with a cache: what was not flushed may be gone after a loss of power, block by block. */
final class PowerLossBackend implements Backend {
  private static final int BLOCK = 4096;

  private final MemoryBackend present;
  private final MemoryBackend flushed;

  PowerLossBackend(long size) {
    this.present = new MemoryBackend(size);
    this.flushed = new MemoryBackend(size);
  }

  /** Each block is as it was flushed, or as it was written later. */
  synchronized void losePower(Random random) throws IOException {
    for (long at = 0; at < size(); at += BLOCK) {
      int length = (int) Math.min(BLOCK, size() - at);
      if (random.nextBoolean()) {
        copy(flushed, present, at, length);
      } else {
        copy(present, flushed, at, length);
      }
    }
  }

  private static void copy(Backend from, Backend to, long at, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    from.read(bytes, at);
    to.write(bytes.flip(), at);
  }

  @Override
  public long size() {
    return present.size();
  }

  @Override
  public synchronized void read(ByteBuffer dst, long offset) throws IOException {
    present.read(dst, offset);
  }

  @Override
  public synchronized void write(ByteBuffer src, long offset) throws IOException {
    present.write(src, offset);
  }

  @Override
  public synchronized void flush() throws IOException {
    copy(present, flushed, 0, (int) size());
  }

  @Override
  public synchronized void zero(long offset, long length, Holes holes) throws IOException {
    present.zero(offset, length, holes);
  }

  @Override
  public synchronized void extents(long offset, long length, ExtentVisitor visitor)
      throws IOException {
    present.extents(offset, length, visitor);
  }

  @Override
  public void close() {}
}
