package dev.godwit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RecentRateTest {
  private final AtomicLong nanos = new AtomicLong(-5);
  private final RecentRate rate = new RecentRate(Duration.ofSeconds(5), nanos::get);

  private double after(Duration time, long bytes) {
    long _ = nanos.addAndGet(time.toNanos());
    return rate.now(bytes);
  }

  @Test
  void nothingIsKnownAtFirst() {
    assertEquals(0, rate.now(0));
    assertEquals(0, rate.now(1000));
  }

  @Test
  void atTheStartItIsTheMeanSinceThen() {
    double _ = rate.now(0);
    assertEquals(500, after(Duration.ofSeconds(2), 1000));
    assertEquals(1000, after(Duration.ofSeconds(1), 3000));
  }

  @Test
  void aSlowStartIsForgottenAfterTheWindow() {
    double _ = rate.now(0);
    double _ = after(Duration.ofSeconds(60), 100);
    for (int second = 1; second < 5; second++) {
      double _ = after(Duration.ofSeconds(1), 100 + 1000L * second);
    }
    assertEquals(1000, after(Duration.ofSeconds(1), 5100));
  }

  @Test
  void nothingThatComesIsZeroAfterTheWindow() {
    double _ = rate.now(0);
    double _ = after(Duration.ofSeconds(1), 1000);
    double _ = after(Duration.ofSeconds(5), 1000);
    assertEquals(0, after(Duration.ofSeconds(1), 1000));
  }
}
