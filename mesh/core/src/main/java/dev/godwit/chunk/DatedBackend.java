package dev.godwit.chunk;

import dev.godwit.backend.Backend;
import dev.godwit.backend.ForwardingBackend;
import dev.godwit.backend.OutOfRangeException;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A backend that notes when each part of it is changed, also where a change fails half-way. What
 * lies outside the size is refused unnoted.
 */
public final class DatedBackend extends ForwardingBackend {
  private final ChunkGeometry geometry;
  private final ChangeTimes times;

  /** Notes in {@code times} what is changed of {@code below} through this object. */
  public DatedBackend(Backend below, ChunkGeometry geometry, ChangeTimes times) {
    super(below);
    this.geometry = geometry;
    this.times = times;
  }

  @FunctionalInterface
  private interface Change {
    void run() throws IOException;
  }

  private void change(long offset, long length, Change change) throws IOException {
    OutOfRangeException.check(offset, length, size());
    try {
      change.run();
    } finally {
      // Afterwards: whoever hears of it must find what is there now.
      if (length > 0) {
        times.changed(geometry.blockAt(offset), geometry.blockFrom(offset + length));
      }
    }
  }

  @Override
  public void write(ByteBuffer src, long offset) throws IOException {
    change(offset, src.remaining(), () -> below.write(src, offset));
  }

  @Override
  public void zero(long offset, long length, Holes holes) throws IOException {
    change(offset, length, () -> below.zero(offset, length, holes));
  }

  @Override
  public void trim(long offset, long length) throws IOException {
    change(offset, length, () -> below.trim(offset, length));
  }
}
