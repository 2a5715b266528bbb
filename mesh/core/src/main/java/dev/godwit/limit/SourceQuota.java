package dev.godwit.limit;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/** How many may be inside at once, of each source and in all. Thread-safe. */
public final class SourceQuota {
  private final int perSource;
  private final int all;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<Source, Integer> inside = new HashMap<>();
  private int inAll;

  /**
   * Nobody is inside.
   *
   * @param perSource most of one source
   * @param all most of all
   */
  public SourceQuota(int perSource, int all) {
    this.perSource = perSource;
    this.all = all;
  }

  /** Counts one more, if there is room; it must {@link #leave} then. */
  public boolean enter(Source source) {
    lock.lock();
    try {
      if (!fits(source)) {
        return false;
      }
      int _ = inside.merge(source, 1, Integer::sum);
      inAll++;
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Whether one more would be let in. */
  public boolean hasRoom(Source source) {
    lock.lock();
    try {
      return fits(source);
    } finally {
      lock.unlock();
    }
  }

  private boolean fits(Source source) {
    return inAll < all && inside.getOrDefault(source, 0) < perSource;
  }

  /** One that has entered is gone. */
  public void leave(Source source) {
    lock.lock();
    try {
      var _ = inside.computeIfPresent(source, (_, count) -> count == 1 ? null : count - 1);
      inAll--;
    } finally {
      lock.unlock();
    }
  }

  /** How many are inside. */
  public int inAll() {
    lock.lock();
    try {
      return inAll;
    } finally {
      lock.unlock();
    }
  }
}
