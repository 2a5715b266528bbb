package dev.godwit.chunk;

import dev.godwit.backend.Backend;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Records which blocks were written. A block is recorded after its write has reached the backend
 * below and before the write is acknowledged: whoever takes the set and then reads a block gets
 * either the new bytes, or finds the block in the next set. A write that fails is recorded too,
 * since part of it may have happened.
 */
public final class TrackingBackend implements Backend {
  private final Backend below;
  private final ChunkGeometry geometry;
  private final AtomicReference<@Nullable BlockSet> dirty = new AtomicReference<>();

  /** Tracks nothing until {@link #start}. */
  public TrackingBackend(Backend below, ChunkGeometry geometry) {
    this.below = below;
    this.geometry = geometry;
  }

  /**
   * Starts recording, from an empty set. Every write acknowledged after this returns is in a set
   * that a later {@link #drain} returns.
   */
  public void start() {
    dirty.set(new BlockSet(geometry.blocks()));
  }

  /** Stops recording and forgets. */
  public void stop() {
    dirty.set(null);
  }

  /**
   * Takes what was recorded since {@link #start} or the last call, and goes on with an empty set.
   *
   * @throws IllegalStateException when not recording
   */
  public BlockSet drain() {
    @Nullable BlockSet taken =
        dirty.getAndUpdate(set -> set == null ? null : new BlockSet(geometry.blocks()));
    if (taken == null) {
      throw new IllegalStateException("not tracking");
    }
    return taken;
  }

  @Override
  public long size() {
    return below.size();
  }

  @Override
  public void read(ByteBuffer dst, long offset) throws IOException {
    below.read(dst, offset);
  }

  @Override
  public void write(ByteBuffer src, long offset) throws IOException {
    int length = src.remaining();
    try {
      below.write(src, offset);
    } finally {
      mark(offset, length);
    }
  }

  @Override
  public void flush() throws IOException {
    below.flush();
  }

  @Override
  public void zero(long offset, long length, Holes holes) throws IOException {
    try {
      below.zero(offset, length, holes);
    } finally {
      mark(offset, length);
    }
  }

  @Override
  public void trim(long offset, long length) throws IOException {
    try {
      below.trim(offset, length);
    } finally {
      mark(offset, length);
    }
  }

  private void mark(long offset, long length) {
    while (true) {
      @Nullable BlockSet set = dirty.get();
      if (set == null || offset < 0 || length <= 0 || offset > size() - length) {
        return;
      }
      set.add(geometry.blockAt(offset), geometry.blockAt(offset + length - 1) + 1);
      if (dirty.get() == set) {
        return;
      }
      // The set was taken in between: whoever took it may already have looked. Mark the next one.
    }
  }

  @Override
  public void extents(long offset, long length, ExtentVisitor visitor) throws IOException {
    below.extents(offset, length, visitor);
  }

  @Override
  public Latency latency() {
    return below.latency();
  }

  @Override
  public void close() throws IOException {
    below.close();
  }
}
