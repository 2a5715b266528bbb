package dev.godwit.chunk;

import dev.godwit.backend.Backend;
import dev.godwit.backend.ForwardingBackend;
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
public final class TrackingBackend extends ForwardingBackend {
  private final ChunkGeometry geometry;
  private final BlockSet.RunVisitor written;
  private final AtomicReference<@Nullable BlockSet> dirty = new AtomicReference<>();

  /** Tracks nothing until {@link #start}. */
  public TrackingBackend(Backend below, ChunkGeometry geometry) {
    this(below, geometry, (from, to) -> {});
  }

  /**
   * Tracks nothing until {@link #start}, and tells of every write.
   *
   * @param written hears which blocks were written, once they are recorded and before the write is
   *     acknowledged; on any thread
   */
  public TrackingBackend(Backend below, ChunkGeometry geometry, BlockSet.RunVisitor written) {
    super(below);
    this.geometry = geometry;
    this.written = written;
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

  /** Records blocks again that were taken and could not be dealt with. */
  public void record(BlockSet blocks) {
    blocks.forEachRun(this::markBlocks);
  }

  /** Adds the blocks that are recorded now. */
  public void recordedInto(BlockSet blocks) {
    @Nullable BlockSet set = dirty.get();
    if (set != null) {
      set.forEachRun(blocks::add);
    }
  }

  /** How many blocks are recorded now; 0 when not recording. */
  public int recorded() {
    @Nullable BlockSet set = dirty.get();
    return set == null ? 0 : set.count();
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
    if (offset >= 0 && length > 0 && offset <= size() - length) {
      int from = geometry.blockAt(offset);
      int to = geometry.blockAt(offset + length - 1) + 1;
      markBlocks(from, to);
      written.run(from, to);
    }
  }

  private void markBlocks(int from, int to) {
    while (true) {
      @Nullable BlockSet set = dirty.get();
      if (set == null) {
        return;
      }
      set.add(from, to);
      if (dirty.get() == set) {
        return;
      }
      // The set was taken in between: whoever took it may already have looked. Mark the next one.
    }
  }
}
