package dev.godwit.testing;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * How long tests wait for what has to come. The numbers in the tests are generous for an idle
 * machine; {@code -Dgodwit.test.patience=N} multiplies all of them, for one that is slow or busy. N
 * is a whole number.
 */
public final class Patience {
  /** The name of the property that all waits are multiplied by. */
  public static final String PROPERTY = "godwit.test.patience";

  private static final int FACTOR = Integer.getInteger(PROPERTY, 1);
  private static final Duration LONG = seconds(180);
  private static final Duration STEP = Duration.ofMillis(10);

  private Patience() {}

  /** What all waits are multiplied by. */
  public static int factor() {
    return FACTOR;
  }

  /** So much time, multiplied. */
  public static Duration of(Duration time) {
    return time.multipliedBy(FACTOR);
  }

  /** So many seconds, multiplied. */
  public static Duration seconds(long seconds) {
    return of(Duration.ofSeconds(seconds));
  }

  /**
   * Returns as soon as {@code condition} holds, which nobody announces.
   *
   * @throws AssertionError when it does not hold within three minutes, multiplied
   */
  public static void until(String what, Callable<Boolean> condition) throws Exception {
    until(what, LONG, condition);
  }

  /**
   * Returns as soon as {@code condition} holds, which nobody announces.
   *
   * @param limit the longest wait; not multiplied here
   * @throws AssertionError when it does not hold by then
   */
  public static void until(String what, Duration limit, Callable<Boolean> condition)
      throws Exception {
    long start = System.nanoTime();
    while (!condition.call()) {
      long waited = System.nanoTime() - start;
      if (waited > limit.toNanos()) {
        throw new AssertionError(
            "not after " + TimeUnit.NANOSECONDS.toMillis(waited) + " ms: " + what);
      }
      if (Thread.interrupted()) {
        throw new InterruptedException("while waiting: " + what);
      }
      LockSupport.parkNanos(STEP.toNanos());
    }
  }
}
