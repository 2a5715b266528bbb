package dev.godwit.chunk;

import dev.godwit.stream.Interruption;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Which blocks are asked for, in the background or because a program waits for them, so that nobody
 * asks for them again: a program waits for what is on its way, for a while. Thread-safe.
 */
final class Arrivals {
  private final BlockSet underway;
  private final Supplier<Duration> patience;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final AtomicInteger settlements = new AtomicInteger();
  private final AtomicInteger waiting = new AtomicInteger();

  /**
   * Nothing is asked for yet.
   *
   * @param patience how long to wait for a block that is asked for; asking for it again takes about
   *     as long
   */
  Arrivals(int blocks, Supplier<Duration> patience) {
    this.underway = new BlockSet(blocks);
    this.patience = patience;
  }

  void asked(int from, int to) {
    underway.add(from, to);
  }

  /** They are here, or will not come. */
  void settled(int from, int to) {
    underway.remove(from, to);
    int _ = settlements.incrementAndGet();
    if (waiting.get() > 0) {
      lock.lock();
      try {
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  /** The first block from {@code from} on that is asked for; {@code to} if there is none before. */
  int next(int from, int to) {
    int next = underway.next(from, to);
    return next < 0 ? to : next;
  }

  /** The first of {@code wanted} from {@code from} on that is not asked for; {@code to} if none. */
  int nextIdle(BlockSet wanted, int from, int to) {
    int next = from;
    while (next < to) {
      int found = wanted.next(next, to);
      if (found < 0) {
        return to;
      }
      next = underway.nextAbsent(found, to);
      if (next == found) {
        return found;
      }
    }
    return to;
  }

  /** Waits until blocks have come, or will not come, or for too long. */
  void awaitChange(Duration limit) throws IOException {
    int seen = settlements.get();
    awaitWhile(() -> settlements.get() == seen && !underway.isEmpty(), limit);
  }

  /** Waits until none of the blocks is asked for any more, or for too long. */
  void await(int from, int to) throws IOException {
    if (underway.intersects(from, to)) {
      awaitWhile(() -> underway.intersects(from, to), patience.get());
    }
  }

  private void awaitWhile(BooleanSupplier pending, Duration limit) throws IOException {
    waiting.incrementAndGet();
    lock.lock();
    try {
      long left = limit.toNanos();
      while (left > 0 && pending.getAsBoolean()) {
        left = changed.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      throw Interruption.passedOn("interrupted while waiting for blocks", e);
    } finally {
      lock.unlock();
      waiting.decrementAndGet();
    }
  }
}
