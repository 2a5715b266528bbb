package dev.godwit.chunk;

import dev.godwit.backend.Backend;
import dev.godwit.stream.Interruption;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The gate between a device and its backend. Open, it lets everything through and counts what is
 * under way. Closed, new operations wait for it to open again; fenced, they fail at once. Closing
 * and fencing return only when no operation is under way any more.
 *
 * <p>The lock inside guards waiting only; it is never held during an operation.
 */
public final class LockedBackend implements Backend {
  private static final long SHUT = 1L << 62;

  private final Backend below;
  private final Duration patience;

  /** Operations under way, plus {@link #SHUT} while the gate is not open. */
  private final AtomicLong inside = new AtomicLong();

  private final AtomicLong writes = new AtomicLong();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private volatile @Nullable String fence;

  /**
   * @param below what is behind the gate
   * @param patience how long an operation waits at a closed gate before it fails
   * @param state how the gate starts
   */
  public LockedBackend(Backend below, Duration patience, State state) {
    this.below = below;
    this.patience = patience;
    if (state == State.CLOSED) {
      inside.set(SHUT);
    }
  }

  /** How a gate starts. */
  public enum State {
    /** Operations pass. */
    OPEN,
    /** Operations wait. */
    CLOSED
  }

  /** Lets operations through, those that wait included. */
  public void open() {
    lock.lock();
    try {
      fence = null;
      inside.getAndUpdate(n -> n & ~SHUT);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Makes new operations wait, and waits for those under way.
   *
   * @throws IOException when they did not end within {@code limit}; the gate then stays closed
   */
  public void shut(Duration limit) throws IOException {
    inside.getAndUpdate(n -> n | SHUT);
    drain(limit);
  }

  /**
   * Makes new and waiting operations fail with {@link FencedException}, and waits for those under
   * way.
   *
   * @param reason what the failing operations say
   * @throws IOException when they did not end within {@code limit}; the gate then stays fenced
   */
  public void fence(String reason, Duration limit) throws IOException {
    lock.lock();
    try {
      fence = reason;
      inside.getAndUpdate(n -> n | SHUT);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    drain(limit);
  }

  /** How many writes, zeroes and trims have passed the gate since it was made. */
  public long writes() {
    return writes.get();
  }

  private void drain(Duration limit) throws IOException {
    long left = limit.toNanos();
    lock.lock();
    try {
      while ((inside.get() & ~SHUT) != 0) {
        if (left <= 0) {
          throw new IOException(
              (inside.get() & ~SHUT)
                  + " operations did not end within "
                  + limit.toMillis()
                  + " ms");
        }
        left = changed.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      throw Interruption.passedOn("interrupted at the gate", e);
    } finally {
      lock.unlock();
    }
  }

  private void enter() throws IOException {
    if ((inside.incrementAndGet() & SHUT) == 0) {
      return;
    }
    leave();
    long left = patience.toNanos();
    lock.lock();
    try {
      while (true) {
        @Nullable String reason = fence;
        if (reason != null) {
          throw new FencedException(reason);
        }
        if ((inside.get() & SHUT) == 0) {
          inside.incrementAndGet();
          // Shutting does not take the lock: look again now that we are counted.
          if ((inside.get() & SHUT) == 0) {
            return;
          }
          inside.decrementAndGet();
          changed.signalAll();
        }
        if (left <= 0) {
          throw new FencedException(
              "the resource did not become available within " + patience.toMillis() + " ms");
        }
        left = changed.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      throw Interruption.passedOn("interrupted at the gate", e);
    } finally {
      lock.unlock();
    }
  }

  private void leave() {
    if (inside.decrementAndGet() == SHUT) {
      lock.lock();
      try {
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  @Override
  public long size() {
    return below.size();
  }

  @Override
  public void read(ByteBuffer dst, long offset) throws IOException {
    enter();
    try {
      below.read(dst, offset);
    } finally {
      leave();
    }
  }

  @Override
  public void write(ByteBuffer src, long offset) throws IOException {
    enter();
    try {
      writes.getAndIncrement();
      below.write(src, offset);
    } finally {
      leave();
    }
  }

  @Override
  public void flush() throws IOException {
    enter();
    try {
      below.flush();
    } finally {
      leave();
    }
  }

  @Override
  public void zero(long offset, long length, Holes holes) throws IOException {
    enter();
    try {
      writes.getAndIncrement();
      below.zero(offset, length, holes);
    } finally {
      leave();
    }
  }

  @Override
  public void trim(long offset, long length) throws IOException {
    enter();
    try {
      writes.getAndIncrement();
      below.trim(offset, length);
    } finally {
      leave();
    }
  }

  @Override
  public void extents(long offset, long length, ExtentVisitor visitor) throws IOException {
    enter();
    try {
      below.extents(offset, length, visitor);
    } finally {
      leave();
    }
  }

  /** Waiting at the gate can take long even when the backend is fast. */
  @Override
  public Latency latency() {
    return (inside.get() & SHUT) == 0 ? below.latency() : Latency.REMOTE;
  }

  @Override
  public void close() throws IOException {
    below.close();
  }
}
