package dev.godwit.cli;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.LongSupplier;

/**
 * How fast something comes now: the mean of the last seconds, so that what was fast or slow long
 * ago does not count. For one thread.
 */
final class RecentRate {
  private final Duration window;
  private final LongSupplier nanoTime;
  private final Deque<Sample> samples = new ArrayDeque<>();

  private record Sample(long nanos, long bytes) {}

  /**
   * Knows nothing yet.
   *
   * @param window over how long the mean is taken
   * @param nanoTime nanoseconds of a clock that nobody sets
   */
  RecentRate(Duration window, LongSupplier nanoTime) {
    this.window = window;
    this.nanoTime = nanoTime;
  }

  /**
   * Takes note of how much has come, and tells the rate.
   *
   * @param bytes all that has come so far
   * @return bytes a second; 0 as long as nothing is known
   */
  double now(long bytes) {
    long now = nanoTime.getAsLong();
    samples.addLast(new Sample(now, bytes));
    // The oldest one that stays is at the beginning of the window, or before it.
    while (samples.size() > 2 && now - second().nanos() >= window.toNanos()) {
      samples.removeFirst();
    }
    Sample oldest = samples.getFirst();
    long nanos = now - oldest.nanos();
    return nanos <= 0 ? 0 : (bytes - oldest.bytes()) / (nanos / 1e9);
  }

  private Sample second() {
    var each = samples.iterator();
    Sample _ = each.next();
    return each.next();
  }
}
