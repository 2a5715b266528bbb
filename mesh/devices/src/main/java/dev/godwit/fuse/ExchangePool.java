package dev.godwit.fuse;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The exchanges of one mount: made when they are needed, up to a bound, and then used again.
 * Thread-safe.
 */
final class ExchangePool {
  private final int bound;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final List<Exchange> all = new CopyOnWriteArrayList<>();

  /** The last one given back is lent first: its memory is still in the processor's caches. */
  private final Deque<Exchange> idle = new ArrayDeque<>();

  private boolean boundless;

  /**
   * @param bound how many may be lent at once, positive
   */
  ExchangePool(int bound) {
    this.bound = bound;
  }

  /** Lends one, and waits for it when as many as allowed are lent. */
  Exchange take() {
    lock.lock();
    try {
      while (true) {
        Exchange exchange = idle.poll();
        if (exchange != null) {
          return exchange;
        }
        if (all.size() < bound || boundless) {
          exchange = new Exchange();
          all.add(exchange);
          return exchange;
        }
        changed.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Takes one back. */
  void giveBack(Exchange exchange) {
    lock.lock();
    try {
      idle.push(exchange);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Every exchange there is, lent or not. */
  Iterable<Exchange> all() {
    return all;
  }

  /** From now on nobody waits for one: the mount ends, and every request can be turned away. */
  void lift() {
    lock.lock();
    try {
      boundless = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until all are back.
   *
   * @return whether they are
   */
  boolean awaitIdle(Duration limit) throws InterruptedException {
    long left = limit.toNanos();
    lock.lock();
    try {
      while (idle.size() < all.size()) {
        if (left <= 0) {
          return false;
        }
        left = changed.awaitNanos(left);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }
}
