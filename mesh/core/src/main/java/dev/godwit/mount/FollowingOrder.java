package dev.godwit.mount;

import dev.godwit.chunk.BlockSet;
import dev.godwit.chunk.PullOrder;
import java.util.Arrays;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Pulls ahead of a program that reads in order, then what follows the last read in its chunk, and
 * otherwise as another order says. A program reads in order when a read begins where one of the
 * last ones ended; how far is pulled ahead of it grows with how much it has read like that. {@link
 * #read} may be called by any thread.
 */
final class FollowingOrder implements PullOrder {
  /** So many programs, or parts of one, are followed at a time. */
  private static final int STREAMS = 8;

  private static final int FIRST_BLOCKS = 16;
  private static final int MOST_BLOCKS = 8192;

  private volatile PullOrder otherwise;

  /** For each stream: where its next read would begin, and how far ahead is pulled. */
  private final int[] next = new int[STREAMS];

  private final int[] ahead = new int[STREAMS];
  private int oldest;

  /** From which block, in the upper half, to which, in the lower; 0 when nobody is followed. */
  private final AtomicLong wantedAhead = new AtomicLong();

  /** As {@link #wantedAhead}: what follows the last read that nobody is followed in. */
  private final AtomicLong nearby = new AtomicLong();

  private final Semaphore followed = new Semaphore(0);

  /**
   * Follows nobody yet.
   *
   * @param otherwise what is pulled when nobody reads in order
   */
  FollowingOrder(PullOrder otherwise) {
    this.otherwise = otherwise;
    Arrays.fill(next, -1);
  }

  /** From now on that is pulled when nobody reads in order. */
  void otherwise(PullOrder order) {
    otherwise = order;
  }

  /** One permit is enough for however many reads: there may be nobody who waits. */
  private void wake() {
    if (followed.availablePermits() == 0) {
      followed.release();
    }
  }

  /** How often {@link #awaitReader} would return at once. */
  int wakes() {
    return followed.availablePermits();
  }

  /** Waits until a program has read in order again. */
  void awaitReader() throws InterruptedException {
    followed.acquire();
    int _ = followed.drainPermits();
  }

  /**
   * A program reads blocks.
   *
   * @param from the first one
   * @param to behind the last one
   * @param near behind the blocks that may be wanted next
   */
  synchronized void read(int from, int to, int near) {
    for (int i = 0; i < STREAMS; i++) {
      // A read may begin in the block in which the one before has ended.
      if (next[i] >= 0 && (from == next[i] || from == next[i] - 1) && to >= next[i]) {
        ahead[i] = Math.min(MOST_BLOCKS, Math.max(FIRST_BLOCKS, ahead[i] + 2 * (to - next[i])));
        next[i] = to;
        wantedAhead.set(range(to, (int) Math.min(Integer.MAX_VALUE, (long) to + ahead[i])));
        wake();
        return;
      }
    }
    if (to < near) {
      nearby.set(range(to, near));
      wake();
    }
    next[oldest] = to;
    ahead[oldest] = 0;
    oldest = (oldest + 1) % STREAMS;
  }

  @Override
  public int next(BlockSet wanted) {
    int block = within(wantedAhead.get(), wanted);
    if (block < 0) {
      block = within(nearby.get(), wanted);
    }
    return block < 0 ? otherwise.next(wanted) : block;
  }

  private static long range(int from, int to) {
    return (long) from << 32 | to;
  }

  /** The first block of a range that is wanted; -1 when there is none. */
  private static int within(long range, BlockSet wanted) {
    if (range == 0) {
      return -1;
    }
    return wanted.next((int) (range >>> 32), (int) range);
  }
}
