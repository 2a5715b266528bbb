package dev.godwit.pull;

import dev.godwit.stream.Interruption;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Bounds the bytes that are asked for and not here yet, so that the link never runs dry and the
 * queues in it stay short: more than fits into them is lost and sent again. Once full, it opens
 * again when a quarter of it is free, or what comes in a moment: a few requests in a row cost much
 * less than each on its own. On a long way requests are spread over the round trip. Thread-safe.
 */
public final class InFlightWindow {
  /** What late waking may cost before it is made up for. */
  private static final long CREDIT_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

  private final LongSupplier nanoTime;
  private final Supplier<Duration> roundTrip;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition released = lock.newCondition();
  private final FlowEstimate flow;
  private boolean full;
  private long next;

  /**
   * An empty window.
   *
   * @param nanoTime the clock
   * @param roundTrip the connection's round-trip time now, zero when not known
   */
  public InFlightWindow(LongSupplier nanoTime, Supplier<Duration> roundTrip) {
    this.nanoTime = nanoTime;
    this.roundTrip = roundTrip;
    this.next = nanoTime.getAsLong();
    this.flow = new FlowEstimate(next);
  }

  /**
   * Waits until {@code bytes} more may be asked for. A single request always may.
   *
   * @throws IOException when nothing is released for {@code patience}
   */
  public void acquire(long bytes, Duration patience) throws IOException {
    lock.lock();
    try {
      awaitRoom(bytes, patience);
      long now = nanoTime.getAsLong();
      while (flow.inFlight() > 0 && next - now > 0) {
        long _ = released.awaitNanos(next - now);
        now = nanoTime.getAsLong();
      }
      flow.asked(now, bytes);
      next = Math.max(next, now - CREDIT_NANOS) + flow.interval(bytes);
    } catch (InterruptedException e) {
      throw Interruption.passedOn("interrupted while fetching", e);
    } finally {
      lock.unlock();
    }
  }

  private void awaitRoom(long bytes, Duration patience) throws IOException, InterruptedException {
    long left = patience.toNanos();
    while (flow.inFlight() > 0
        && flow.inFlight() + bytes > (full ? flow.reopening() : flow.limit())) {
      full = true;
      flow.full();
      if (left <= 0) {
        throw new IOException("no answer for " + patience.toSeconds() + " s");
      }
      left = released.awaitNanos(left);
    }
    full = false;
  }

  /** Says that an answer came, or will not come. */
  public void release(long bytes) {
    Duration measured = roundTrip.get();
    lock.lock();
    try {
      flow.answered(nanoTime.getAsLong(), bytes, measured);
      if (flow.inFlight() <= flow.reopening()) {
        released.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until everything that was asked for has been released.
   *
   * @throws IOException when nothing is released for {@code patience}
   */
  public void drain(Duration patience) throws IOException {
    long left = patience.toNanos();
    long seen = Long.MAX_VALUE;
    lock.lock();
    try {
      while (flow.inFlight() > 0) {
        if (flow.inFlight() != seen) {
          seen = flow.inFlight();
          left = patience.toNanos();
        } else if (left <= 0) {
          throw new IOException("no answer for " + patience.toSeconds() + " s");
        }
        left = released.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      throw Interruption.passedOn("interrupted while fetching", e);
    } finally {
      lock.unlock();
    }
  }

  /**
   * How much to ask for at a time: what comes in a moment, so that requests follow each other
   * evenly.
   *
   * @param most never more than this
   */
  public int share(int most) {
    lock.lock();
    try {
      return flow.share(most);
    } finally {
      lock.unlock();
    }
  }

  /** How fast answers come, smoothed, bytes a second; 0 before the first measurement. */
  public double bytesPerSecond() {
    lock.lock();
    try {
      return flow.bytesPerSecond();
    } finally {
      lock.unlock();
    }
  }

  /** How long what is asked for now takes to come, beside the round trip, at the present speed. */
  public Duration queueing() {
    lock.lock();
    try {
      double rate = flow.bytesPerSecond();
      return rate == 0 ? Duration.ZERO : Duration.ofNanos((long) (flow.inFlight() * 1e9 / rate));
    } finally {
      lock.unlock();
    }
  }
}
