package dev.godwit.chunk;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * A set of block numbers, one bit each where there are any: stretches of 32,768 numbers that were
 * never added to take no memory, so the sets of a huge and mostly empty resource are small. Single
 * operations on one word are atomic; a range operation is a sequence of them, so a concurrent
 * reader may see it half done. Thread-safe in that sense.
 */
public final class BlockSet {
  private static final int PAGE_SHIFT = 15;
  private static final int PAGE_BLOCKS = 1 << PAGE_SHIFT;

  private final int size;

  /** A page that is not there has no members. */
  private final AtomicReferenceArray<@Nullable AtomicLongArray> pages;

  /**
   * An empty set of numbers from 0 to {@code size - 1}.
   *
   * @param size how many numbers there are, not negative
   */
  public BlockSet(int size) {
    this.size = size;
    this.pages = new AtomicReferenceArray<>((int) (((long) size + PAGE_BLOCKS - 1) >> PAGE_SHIFT));
  }

  /** How many numbers there could be. */
  public int size() {
    return size;
  }

  /** Whether {@code block} is in the set. */
  public boolean contains(int block) {
    @Nullable AtomicLongArray page = pages.get(block >> PAGE_SHIFT);
    return page != null && (page.get(word(block)) & 1L << (block & 63)) != 0;
  }

  private static int word(int block) {
    return (block & PAGE_BLOCKS - 1) >> 6;
  }

  private AtomicLongArray page(int index) {
    @Nullable AtomicLongArray page = pages.get(index);
    if (page != null) {
      return page;
    }
    long blocks = Math.min(PAGE_BLOCKS, size - ((long) index << PAGE_SHIFT));
    AtomicLongArray fresh = new AtomicLongArray((int) ((blocks + 63) / 64));
    @Nullable AtomicLongArray other = pages.compareAndExchange(index, null, fresh);
    return other == null ? fresh : other;
  }

  /** Adds {@code from} (inclusive) to {@code to} (exclusive). */
  public void add(int from, int to) {
    while (from < to) {
      AtomicLongArray page = page(from >> PAGE_SHIFT);
      int word = word(from);
      long mask = mask(from, to);
      if ((page.get(word) & mask) != mask) {
        page.getAndAccumulate(word, mask, (old, bits) -> old | bits);
      }
      from = (from & ~63) + 64;
    }
  }

  /** Removes {@code from} (inclusive) to {@code to} (exclusive). */
  public void remove(int from, int to) {
    while (from < to) {
      @Nullable AtomicLongArray page = pages.get(from >> PAGE_SHIFT);
      if (page == null) {
        int end = from | PAGE_BLOCKS - 1;
        if (end >= to) {
          return;
        }
        from = end + 1;
        continue;
      }
      int word = word(from);
      long mask = mask(from, to);
      if ((page.get(word) & mask) != 0) {
        page.getAndAccumulate(word, mask, (old, bits) -> old & ~bits);
      }
      from = (from & ~63) + 64;
    }
  }

  private static long mask(int from, int to) {
    long mask = -1L << (from & 63);
    int last = Math.min(to, ((from >> 6) + 1) << 6);
    return (last & 63) == 0 ? mask : mask & (1L << (last & 63)) - 1;
  }

  /** The first member that is not below {@code from}, or {@code -1}. */
  public int next(int from) {
    return next(from, size);
  }

  /**
   * The first member from {@code from} (inclusive) to {@code to} (exclusive), or {@code -1}; looks
   * no further.
   */
  public int next(int from, int to) {
    int end = Math.min(to, size);
    int block = from;
    while (block < end) {
      @Nullable AtomicLongArray page = pages.get(block >> PAGE_SHIFT);
      int last = block | PAGE_BLOCKS - 1;
      if (page != null) {
        long bits = page.get(word(block)) & -1L << (block & 63);
        if (bits != 0) {
          int found = (block & ~63) + Long.numberOfTrailingZeros(bits);
          return found < end ? found : -1;
        }
        last = block | 63;
      }
      if (last >= end - 1) {
        return -1;
      }
      block = last + 1;
    }
    return -1;
  }

  /** The first number not in the set that is not below {@code from}; {@link #size()} at most. */
  public int nextAbsent(int from) {
    return nextAbsent(from, size);
  }

  /**
   * The first number not in the set from {@code from} (inclusive) to {@code to} (exclusive); {@code
   * to}, or {@link #size()} if that is less, when all are. Looks no further.
   */
  public int nextAbsent(int from, int to) {
    int end = Math.min(to, size);
    int block = from;
    while (block < end) {
      @Nullable AtomicLongArray page = pages.get(block >> PAGE_SHIFT);
      if (page == null) {
        return block;
      }
      long bits = ~page.get(word(block)) & -1L << (block & 63);
      if (bits != 0) {
        return Math.min(end, (block & ~63) + Long.numberOfTrailingZeros(bits));
      }
      if ((block | 63) >= end - 1) {
        return end;
      }
      block = (block | 63) + 1;
    }
    return end;
  }

  /** Whether a member lies between {@code from} (inclusive) and {@code to} (exclusive). */
  public boolean intersects(int from, int to) {
    return next(from, to) >= 0;
  }

  /** How many members there are. */
  public int count() {
    int count = 0;
    for (int index = 0; index < pages.length(); index++) {
      @Nullable AtomicLongArray page = pages.get(index);
      if (page != null) {
        for (int word = 0; word < page.length(); word++) {
          count += Long.bitCount(page.get(word));
        }
      }
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
