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

  /** Afterwards: whoever hears of it must find what is there now. */
  private void changed(long offset, long length) {
    if (length > 0) {
      times.changed(geometry.blockAt(offset), geometry.blockFrom(offset + length));
    }
  }

  @Override
  public void write(ByteBuffer src, long offset) throws IOException {
    int length = src.remaining();
    OutOfRangeException.check(offset, length, size());
    try {
      below.write(src, offset);
    } finally {
      changed(offset, length);
    }
  }

  @Override
  public void zero(long offset, long length, Holes holes) throws IOException {
    OutOfRangeException.check(offset, length, size());
    try {
      below.zero(offset, length, holes);
    } finally {
      changed(offset, length);
    }
  }

  @Override
  public void trim(long offset, long length) throws IOException {
    OutOfRangeException.check(offset, length, size());
    try {
      below.trim(offset, length);
    } finally {
      changed(offset, length);
    }
  }
}
