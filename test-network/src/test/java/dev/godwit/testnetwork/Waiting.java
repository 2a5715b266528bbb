package dev.godwit.testnetwork;

import static org.junit.jupiter.api.Assertions.fail;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;

/** Waits for what nobody announces. */
final class Waiting {
  private static final Duration STEP = Duration.ofMillis(20);

  private Waiting() {}

  /** Returns as soon as {@code condition} holds, and fails when it does not in time. */
  static void until(String what, Callable<Boolean> condition) throws Exception {
    long deadline = System.nanoTime() + World.PATIENCE.toNanos();
    while (!condition.call()) {
      if (System.nanoTime() > deadline) {
        fail("not in time: " + what);
      }
      LockSupport.parkNanos(STEP.toNanos());
    }
  }
}
