package dev.godwit.pull;

import java.time.Duration;

/**
 * How much should be asked for and not be here yet, by what was asked for and came so far: the
 * bandwidth-delay product as measured, and a little that waits in front of the slowest link so that
 * a hiccup of either end does not empty it. The delay is the least round trip of the last seconds,
 * since what waits in a queue is no part of the link. At first the speed is what the window allows,
 * and the window grows with it (decision 022). Not thread-safe.
 */
final class FlowEstimate {
  /** What a slow link has, and every link until it was measured. */
  static final long MIN = 1 << 20;

  static final long MAX = 64 << 20;

  /** How long either end may be busy with something else. */
  private static final double HICCUP_SECONDS = 0.02;

  /** Enough for a hiccup on any link. */
  private static final long MOST_FOR_HICCUPS = 4 << 20;

  /** How much at a time is asked for: what comes in this time. */
  private static final double MOMENT_SECONDS = 0.003;

  private static final int LEAST_SHARE = 64 * 1024;
  private static final int USUAL_SHARE = 512 * 1024;

  private static final double START_GAIN = 1.2;

  /** Less than this from one measurement to the next, so many times in a row, is no growth. */
  private static final double START_GROWTH = 1.1;

  private static final int START_FLAT = 3;

  /** The part of the window that is in use on average, at least; the rest is between requests. */
  private static final double LEAST_FILL = 0.7;

  /** A window's worth may be asked for in a round trip divided by this. */
  private static final double PACE = 1.1;

  private static final long SAMPLE_NANOS = 100_000_000;
  private static final long PERIOD_NANOS = 5_000_000_000L;

  private long limit = MIN;
  private long inFlight;

  private long sampleStart;
  private long sampleBytes;
  private long changed;

  /** Bytes in flight, summed up over the nanoseconds of the sample. */
  private double occupied;

  private boolean limited;
  private double bytesPerSecond;
  private boolean starting = true;
  private int flat;

  private long periodStart;
  private long least = Long.MAX_VALUE;
  private long leastBefore = Long.MAX_VALUE;

  FlowEstimate(long now) {
    sampleStart = now;
    changed = now;
    periodStart = now;
  }

  /** Takes note of a request. */
  void asked(long now, long bytes) {
    if (inFlight == 0) {
      // A time in which nothing was wanted says nothing about the link.
      sampleStart += now - changed;
      changed = now;
    }
    count(now);
    inFlight += bytes;
  }

  /** Takes note that the next request has to wait for the window: the link is what limits. */
  void full() {
    limited = true;
  }

  /** Takes note of an answer, or of a request that gets none. */
  void answered(long now, long bytes, Duration roundTrip) {
    count(now);
    inFlight -= bytes;
    sampleBytes += bytes;
    long delay = leastRoundTrip(now, roundTrip.toNanos());
    long elapsed = now - sampleStart;
    // In less than a round trip there may be a heap of answers, or none.
    if (elapsed >= Math.max(SAMPLE_NANOS, delay)) {
      sample(elapsed, delay / 1e9);
      sampleStart = now;
      sampleBytes = 0;
      occupied = 0;
      limited = false;
    }
  }

  private void count(long now) {
    occupied += (double) inFlight * (now - changed);
    changed = now;
  }

  private void sample(long elapsed, double delay) {
    double rate = sampleBytes * 1e9 / elapsed;
    if (delay > 0) {
      // Faster are only answers that had been held up, behind one lost packet for example.
      rate = Math.min(rate, limit / delay);
    }
    double fill = limited ? Math.clamp(occupied / elapsed / limit, LEAST_FILL, 1) : 1;
    notice(rate);
    double queued = Math.min(MOST_FOR_HICCUPS, bytesPerSecond * HICCUP_SECONDS);
    double wanted =
        starting
            ? bytesPerSecond * delay * START_GAIN + queued
            : (bytesPerSecond * delay + queued + share(USUAL_SHARE)) / fill;
    limit = Math.clamp((long) wanted, MIN, MAX);
  }

  private void notice(double rate) {
    if (!limited) {
      // Less was wanted than the link takes.
      bytesPerSecond = Math.max(bytesPerSecond, rate);
      return;
    }
    if (!starting) {
      bytesPerSecond = bytesPerSecond * 0.6 + rate * 0.4;
      return;
    }
    flat = rate > bytesPerSecond * START_GROWTH ? 0 : flat + 1;
    bytesPerSecond = Math.max(bytesPerSecond, rate);
    starting = flat < START_FLAT;
  }

  /** Nanoseconds; the least since the beginning of the period before this one. */
  private long leastRoundTrip(long now, long measured) {
    if (now - periodStart > PERIOD_NANOS) {
      leastBefore = least;
      least = Long.MAX_VALUE;
      periodStart = now;
    }
    if (measured > 0) {
      least = Math.min(least, measured);
    }
    return knownRoundTrip();
  }

  private long knownRoundTrip() {
    long both = Math.min(least, leastBefore);
    return both == Long.MAX_VALUE ? 0 : both;
  }

  /** How much may be in flight, bytes. */
  long limit() {
    return limit;
  }

  /** How much is, bytes. */
  long inFlight() {
    return inFlight;
  }

  /** How much may still be in flight when a full window opens again, bytes. */
  long reopening() {
    return limit - Math.min(limit / 4, (long) (bytesPerSecond * MOMENT_SECONDS));
  }

  /** How much to ask for at a time, bytes. */
  int share(int most) {
    return (int) Math.clamp(bytesPerSecond * MOMENT_SECONDS, Math.min(most, LEAST_SHARE), most);
  }

  /**
   * How long after a request of {@code bytes} the next one should come, nanoseconds: a heap of
   * requests becomes a heap of answers, and overflows the queue of the slowest link.
   */
  long interval(long bytes) {
    return (long) (bytes * (knownRoundTrip() / (PACE * limit)));
  }

  /** How fast answers come, smoothed, bytes a second; 0 before the first measurement. */
  double bytesPerSecond() {
    return bytesPerSecond;
  }
}
