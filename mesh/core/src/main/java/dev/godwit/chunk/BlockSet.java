package dev.godwit.chunk;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * A set of block numbers, one bit each. Single operations on one word are atomic; a range operation
 * is a sequence of them, so a concurrent reader may see it half done. Thread-safe in that sense.
 */
public final class BlockSet {
  private final int size;
  private final AtomicLongArray words;

  /**
   * An empty set of numbers from 0 to {@code size - 1}.
   *
   * @param size how many numbers there are, not negative
   */
  public BlockSet(int size) {
    this.size = size;
    this.words = new AtomicLongArray((int) (((long) size + 63) / 64));
  }

  /** How many numbers there could be. */
  public int size() {
    return size;
  }

  /** Whether {@code block} is in the set. */
  public boolean contains(int block) {
    return (words.get(block >> 6) & 1L << (block & 63)) != 0;
  }

  /** Adds {@code from} (inclusive) to {@code to} (exclusive). */
  public void add(int from, int to) {
    while (from < to) {
      int word = from >> 6;
      long mask = mask(from, to);
      if ((words.get(word) & mask) != mask) {
        words.getAndAccumulate(word, mask, (old, bits) -> old | bits);
      }
      from = (word + 1) << 6;
    }
  }

  /** Removes {@code from} (inclusive) to {@code to} (exclusive). */
  public void remove(int from, int to) {
    while (from < to) {
      int word = from >> 6;
      long mask = mask(from, to);
      if ((words.get(word) & mask) != 0) {
        words.getAndAccumulate(word, mask, (old, bits) -> old & ~bits);
      }
      from = (word + 1) << 6;
    }
  }

  private static long mask(int from, int to) {
    long mask = -1L << (from & 63);
    int last = Math.min(to, ((from >> 6) + 1) << 6);
    return (last & 63) == 0 ? mask : mask & (1L << (last & 63)) - 1;
  }

  /** The first member that is not below {@code from}, or {@code -1}. */
  public int next(int from) {
    if (from >= size) {
      return -1;
    }
    int word = from >> 6;
    long bits = words.get(word) & -1L << (from & 63);
    while (bits == 0) {
      if (++word == words.length()) {
        return -1;
      }
      bits = words.get(word);
    }
    return (word << 6) + Long.numberOfTrailingZeros(bits);
  }

  /** The first number not in the set that is not below {@code from}; {@link #size()} at most. */
  public int nextAbsent(int from) {
    if (from >= size) {
      return size;
    }
    int word = from >> 6;
    long bits = ~words.get(word) & -1L << (from & 63);
    while (bits == 0) {
      if (++word == words.length()) {
        return size;
      }
      bits = ~words.get(word);
    }
    return Math.min(size, (word << 6) + Long.numberOfTrailingZeros(bits));
  }

  /** Whether a member lies between {@code from} (inclusive) and {@code to} (exclusive). */
  public boolean intersects(int from, int to) {
    int next = next(from);
    return next >= 0 && next < to;
  }

  /** How many members there are. */
  public int count() {
    int count = 0;
    for (int i = 0; i < words.length(); i++) {
      count += Long.bitCount(words.get(i));
    }
    return count;
  }

  /** Whether there is no member. */
  public boolean isEmpty() {
    return next(0) < 0;
  }

  /** Calls {@code visitor} for each maximal run of members, in ascending order. */
  public void forEachRun(RunVisitor visitor) {
    for (int from = next(0); from >= 0; ) {
      int to = nextAbsent(from);
      visitor.run(from, to);
      from = next(to);
    }
  }

  /** Receives the runs of {@link #forEachRun}. */
  @FunctionalInterface
  public interface RunVisitor {
    /** A run from {@code from} (inclusive) to {@code to} (exclusive). */
    void run(int from, int to);
  }
}
