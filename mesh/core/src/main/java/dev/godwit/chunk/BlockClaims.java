package dev.godwit.chunk;

import dev.godwit.stream.Interruption;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Exclusive claims on ranges of blocks. Whoever holds a claim may do I/O; the lock inside is held
 * only to look at the list of claims, which is as short as the number of operations under way.
 * Thread-safe.
 */
public final class BlockClaims {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition released = lock.newCondition();
  private final List<Claim> held = new ArrayList<>();

  /** Nothing is claimed. */
  public BlockClaims() {}

  /** A held range; closing releases it. */
  public final class Claim implements AutoCloseable {
    private final int from;
    private final int to;

    private Claim(int from, int to) {
      this.from = from;
      this.to = to;
    }

    @Override
    public void close() {
      lock.lock();
      try {
        held.remove(this);
        released.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  /**
   * Claims {@code from} to {@code to} (exclusive), waiting for overlapping claims.
   *
   * @throws IOException when they are not released within {@code limit}
   */
  public Claim claim(int from, int to, Duration limit) throws IOException {
    long left = limit.toNanos();
    lock.lock();
    try {
      while (overlaps(from, to)) {
        if (left <= 0) {
          throw new IOException("blocks " + from + " to " + to + " stayed busy");
        }
        left = released.awaitNanos(left);
      }
      return add(from, to);
    } catch (InterruptedException e) {
      throw Interruption.passedOn("interrupted while waiting for blocks", e);
    } finally {
      lock.unlock();
    }
  }

  /** Claims the range if nothing overlaps it now. */
  public @Nullable Claim tryClaim(int from, int to) {
    lock.lock();
    try {
      return overlaps(from, to) ? null : add(from, to);
    } finally {
      lock.unlock();
    }
  }

  private Claim add(int from, int to) {
    Claim claim = new Claim(from, to);
    held.add(claim);
    return claim;
  }

  private boolean overlaps(int from, int to) {
    for (Claim claim : held) {
      if (claim.from < to && from < claim.to) {
        return true;
      }
    }
    return false;
  }
}
