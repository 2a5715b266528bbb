package dev.godwit.stream;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** One direction of an in-memory stream: a bounded ring of bytes with an end, a reset, a break. */
final class Pipe {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final byte[] ring;
  private int start;
  private int used;
  private boolean ended;
  private int resetCode = -1;
  private @Nullable String broken;

  Pipe(int capacity) {
    this.ring = new byte[capacity];
  }

  int read(ByteBuffer dst, Duration timeout) throws IOException {
    if (!dst.hasRemaining()) {
      return 0;
    }
    lock.lock();
    try {
      await("read", timeout, () -> used > 0 || ended);
      if (used == 0) {
        return -1;
      }
      int count = Math.min(used, dst.remaining());
      int first = Math.min(count, ring.length - start);
      dst.put(ring, start, first).put(ring, 0, count - first);
      start = (start + count) % ring.length;
      used -= count;
      changed.signalAll();
      return count;
    } finally {
      lock.unlock();
    }
  }

  void write(ByteBuffer src, Duration timeout) throws IOException {
    lock.lock();
    try {
      while (true) {
        await("write", timeout, () -> ended || used < ring.length || !src.hasRemaining());
        if (ended) {
          throw new IOException("this direction is finished");
        }
        if (!src.hasRemaining()) {
          return;
        }
        int end = (start + used) % ring.length;
        int room = Math.min(ring.length - used, ring.length - end);
        int count = Math.min(room, src.remaining());
        src.get(ring, end, count);
        used += count;
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  @FunctionalInterface
  private interface Predicate {
    boolean holds();
  }

  private void await(String operation, Duration timeout, Predicate condition) throws IOException {
    long left = timeout.toNanos();
    try {
      while (true) {
        if (resetCode >= 0) {
          throw new StreamResetException(resetCode);
        }
        if (broken != null) {
          throw new IOException(broken);
        }
        if (condition.holds()) {
          return;
        }
        if (timeout.isZero()) {
          changed.await();
        } else if (left <= 0) {
          throw new StreamTimeoutException(operation, timeout);
        } else {
          left = changed.awaitNanos(left);
        }
      }
    } catch (InterruptedException e) {
      throw Interruption.passedOn("interrupted during " + operation, e);
    }
  }

  void end() throws IOException {
    lock.lock();
    try {
      if (resetCode >= 0) {
        throw new StreamResetException(resetCode);
      }
      if (broken != null) {
        throw new IOException(broken);
      }
      ended = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  boolean isEnded() {
    lock.lock();
    try {
      return ended;
    } finally {
      lock.unlock();
    }
  }

  void reset(int code) {
    lock.lock();
    try {
      if (resetCode < 0) {
        resetCode = code;
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  void breakOff(String reason) {
    lock.lock();
    try {
      if (broken == null) {
        broken = reason;
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }
}
