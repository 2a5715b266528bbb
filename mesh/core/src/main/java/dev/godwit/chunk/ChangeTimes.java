package dev.godwit.chunk;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * When each part of a resource was changed last, in moments of a clock of its own: whoever keeps a
 * {@link #moment} can ask later what has changed since.
 *
 * <p>A part is a block, or as many blocks as it takes to have at most {@value #MAX_PARTS} parts: 8
 * MiB of memory at most, whatever the size; of 1 TiB, 1 MiB each. A part counts as changed when any
 * of it was.
 *
 * <p>Thread-safe. Noting a change takes no lock and allocates nothing.
 */
public final class ChangeTimes {
  /** Parts that are told apart, at most. */
  public static final int MAX_PARTS = 1 << 20;

  private final ChunkGeometry geometry;
  private final int blocksPerPart;
  private final AtomicLongArray times;
  private final AtomicLong clock = new AtomicLong(1);
  private final AtomicLong newest = new AtomicLong();

  /** Nothing has changed yet. */
  public ChangeTimes(ChunkGeometry geometry) {
    int blocks = 1;
    while (Math.ceilDiv(geometry.blocks(), blocks) > MAX_PARTS) {
      blocks *= 2;
    }
    this.geometry = geometry;
    this.blocksPerPart = blocks;
    this.times = new AtomicLongArray(Math.ceilDiv(geometry.blocks(), blocks));
  }

  /** Now, as a moment to ask with later. What {@link #changed} is told from now on is after it. */
  public long moment() {
    return clock.getAndIncrement();
  }

  /**
   * Blocks have changed, and a look at them finds what they are now. When this returns, everybody
   * who asks with a moment from before the call hears of it.
   *
   * @param from the first
   * @param to behind the last
   */
  public void changed(int from, int to) {
    if (from >= to) {
      return;
    }
    int last = (to - 1) / blocksPerPart;
    for (int part = from / blocksPerPart; part <= last; part++) {
      note(part);
    }
  }

  private void note(int part) {
    long now;
    do {
      now = clock.get();
      if (times.get(part) < now) {
        times.accumulateAndGet(part, now, Math::max);
      }
      if (newest.get() < now) {
        newest.accumulateAndGet(now, Math::max);
      }
      // Somebody may have taken a moment and looked before this was noted: once more, after it.
    } while (clock.get() != now);
  }

  /** Whether a block between {@code from} and {@code to} (exclusive) has changed since then. */
  public boolean isChangedSince(long moment, int from, int to) {
    if (newest.get() <= moment || from >= to) {
      return false;
    }
    int last = (to - 1) / blocksPerPart;
    for (int part = from / blocksPerPart; part <= last; part++) {
      if (times.get(part) > moment) {
        return true;
      }
    }
    return false;
  }

  /**
   * Adds what has changed since then, in ascending runs, from block {@code from} on.
   *
   * @param most how many runs at most
   * @return the block at which to go on; the number of blocks when that was all
   */
  public int changedSince(long moment, int from, int most, BlockRuns runs) {
    if (newest.get() <= moment) {
      return geometry.blocks();
    }
    int added = 0;
    int part = from / blocksPerPart;
    while (part < times.length()) {
      if (times.get(part) <= moment) {
        part++;
        continue;
      }
      int end = part + 1;
      while (end < times.length() && times.get(end) > moment) {
        end++;
      }
      if (added == most) {
        return firstBlock(part);
      }
      runs.add(Math.max(from, firstBlock(part)), firstBlock(end));
      added++;
      part = end;
    }
    return geometry.blocks();
  }

  private int firstBlock(int part) {
    return (int) Math.min(geometry.blocks(), (long) part * blocksPerPart);
  }
}
