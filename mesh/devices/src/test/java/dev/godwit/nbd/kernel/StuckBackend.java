package dev.godwit.nbd.kernel;

import dev.godwit.backend.Backend;
import dev.godwit.backend.MemoryBackend;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Memory that answers nothing while it is stuck. */
final class StuckBackend implements Backend {
  private final MemoryBackend memory;
  private volatile CountDownLatch way = new CountDownLatch(0);

  StuckBackend(long size) {
    memory = new MemoryBackend(size);
  }

  /** From now on every access waits. */
  void stick() {
    way = new CountDownLatch(1);
  }

  /** What waits goes on. */
  void free() {
    way.countDown();
  }

  private void pass() throws IOException {
    try {
      if (!way.await(60, TimeUnit.SECONDS)) {
        throw new IOException("nobody has freed it");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  @Override
  public long size() {
    return memory.size();
  }

  @Override
  public Latency latency() {
    return Latency.REMOTE;
  }

  @Override
  public void read(ByteBuffer dst, long offset) throws IOException {
    pass();
    memory.read(dst, offset);
  }

  @Override
  public void write(ByteBuffer src, long offset) throws IOException {
    pass();
    memory.write(src, offset);
  }

  @Override
  public void flush() throws IOException {
    pass();
    memory.flush();
  }

  @Override
  public void zero(long offset, long length, Holes holes) throws IOException {
    pass();
    memory.zero(offset, length, holes);
  }

  @Override
  public void extents(long offset, long length, ExtentVisitor visitor) throws IOException {
    memory.extents(offset, length, visitor);
  }

  @Override
  public void close() {
    memory.close();
  }
}
