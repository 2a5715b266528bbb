package dev.godwit.migration;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Bounds the bytes that are asked for and not here yet: twice the bandwidth-delay product as
 * measured, so that the link never runs dry and the queues in it stay short. Once full, it opens
 * again when a quarter of it is free: a few requests in a row cost much less than each on its own.
 * Thread-safe.
 */
final class InFlightWindow {
  /** Enough to fill any link for as long as one scheduling hiccup. */
  static final long MIN = 4 << 20;

  static final long MAX = 64 << 20;
  private static final long SAMPLE_NANOS = 100_000_000;

  private final LongSupplier nanoTime;
  private final Supplier<Duration> roundTrip;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition released = lock.newCondition();
  private long limit = MIN;
  private long inFlight;
  private boolean full;
  private long sampleStart;
  private long sampleBytes;
  private double bytesPerSecond;

  /**
   * @param nanoTime the clock
   * @param roundTrip the connection's round-trip time now, zero when not known
   */
  InFlightWindow(LongSupplier nanoTime, Supplier<Duration> roundTrip) {
    this.nanoTime = nanoTime;
    this.roundTrip = roundTrip;
    this.sampleStart = nanoTime.getAsLong();
  }

  /** Waits until {@code bytes} more may be asked for. A single request always may. */
  void acquire(long bytes, Duration patience) throws IOException {
    long left = patience.toNanos();
    lock.lock();
    try {
      while (inFlight > 0 && inFlight + bytes > (full ? reopening() : limit)) {
        full = true;
        if (left <= 0) {
          throw new IOException("no answer for " + patience.toSeconds() + " s");
        }
        left = released.awaitNanos(left);
      }
      full = false;
      inFlight += bytes;
    } catch (InterruptedException e) {
      throw interrupted(e);
    } finally {
      lock.unlock();
    }
  }

  /** Says that an answer came, or will not come. */
  void release(long bytes) {
    lock.lock();
    try {
      inFlight -= bytes;
      sampleBytes += bytes;
      long now = nanoTime.getAsLong();
      long elapsed = now - sampleStart;
      if (elapsed >= SAMPLE_NANOS) {
        double rate = sampleBytes * 1e9 / elapsed;
        bytesPerSecond = bytesPerSecond == 0 ? rate : bytesPerSecond * 0.6 + rate * 0.4;
        sampleStart = now;
        sampleBytes = 0;
        double product = bytesPerSecond * roundTrip.get().toNanos() / 1e9;
        limit = Math.max(MIN, Math.min(MAX, (long) (2 * product)));
      }
      if (inFlight <= reopening()) {
        released.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  private long reopening() {
    return limit - limit / 4;
  }

  /** Waits until everything that was asked for has been released. */
  void drain(Duration patience) throws IOException {
    long left = patience.toNanos();
    long seen = Long.MAX_VALUE;
    lock.lock();
    try {
      while (inFlight > 0) {
        if (inFlight != seen) {
          seen = inFlight;
          left = patience.toNanos();
        } else if (left <= 0) {
          throw new IOException("no answer for " + patience.toSeconds() + " s");
        }
        left = released.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      throw interrupted(e);
    } finally {
      lock.unlock();
    }
  }

  /** How fast answers come, smoothed, bytes a second; 0 before the first measurement. */
  double bytesPerSecond() {
    lock.lock();
    try {
      return bytesPerSecond;
    } finally {
      lock.unlock();
    }
  }

  private static IOException interrupted(InterruptedException cause) {
    Thread.currentThread().interrupt();
    var e = new InterruptedIOException("interrupted while fetching");
    e.initCause(cause);
    return e;
  }
}
