package dev.godwit.chunk;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Runs of blocks that something has happened to and that a log does not know yet. A flush promises
 * what happened before it, whichever other flush has got hold of those blocks: so each takes what
 * is new, and what others have taken and not logged yet. Thread-safe.
 */
public final class UnloggedRuns {
  private final ReentrantLock lock = new ReentrantLock();
  private final List<BlockRuns> beingLogged = new ArrayList<>();
  private BlockRuns fresh = new BlockRuns();

  /** Nothing has happened yet. */
  public UnloggedRuns() {}

  /**
   * What one flush logs.
   *
   * @param own what it has taken itself
   * @param all what it has to log
   */
  public record Taken(BlockRuns own, BlockRuns all) {}

  /** It has happened to {@code from} (inclusive) to {@code to} (exclusive). */
  public void add(int from, int to) {
    lock.lock();
    try {
      fresh.add(from, to);
    } finally {
      lock.unlock();
    }
  }

  /** Takes what is to be logged; {@link #logged} or {@link #failed} has to follow. */
  public Taken take() {
    lock.lock();
    try {
      BlockRuns own = fresh;
      fresh = new BlockRuns();
      beingLogged.add(own);
      BlockRuns all = new BlockRuns();
      beingLogged.forEach(all::addAll);
      return new Taken(own, all);
    } finally {
      lock.unlock();
    }
  }

  /** The log knows what was taken. */
  public void logged(Taken taken) {
    lock.lock();
    try {
      beingLogged.removeIf(each -> each == taken.own());
    } finally {
      lock.unlock();
    }
  }

  /** The log does not know it: the next flush takes it again. */
  public void failed(Taken taken) {
    lock.lock();
    try {
      beingLogged.removeIf(each -> each == taken.own());
      fresh.addAll(taken.own());
    } finally {
      lock.unlock();
    }
  }
}
