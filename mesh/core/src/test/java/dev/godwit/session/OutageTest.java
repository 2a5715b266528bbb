package dev.godwit.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

final class OutageTest {
  private static final long SECOND = 1_000_000_000;
  private final Outage outage =
      new Outage(
          new SessionTiming(
              Duration.ofSeconds(60),
              Duration.ofSeconds(60),
              Duration.ofMillis(50),
              Duration.ofSeconds(2)));

  @Test
  void pausesDoubleUpToTheLongest() {
    outage.began(0);
    long[] expected = {0, 50, 100, 200, 400, 800, 1600, 2000, 2000};
    for (long milliseconds : expected) {
      assertEquals(milliseconds * 1_000_000, outage.pause(0));
      outage.attempted();
    }
  }

  @Test
  void connectionsThatBreakAtOnceAreOneOutage() {
    outage.began(0);
    outage.attempted();
    outage.connected(30 * SECOND);
    outage.began(31 * SECOND);
    assertEquals(1, outage.attempts());
    assertTrue(outage.isTooLong(60 * SECOND));
  }

  @Test
  void anAnswerEndsAnOutage() {
    outage.began(0);
    outage.attempted();
    outage.connected(30 * SECOND);
    outage.ended();
    outage.began(31 * SECOND);
    assertEquals(0, outage.attempts());
    assertFalse(outage.isTooLong(60 * SECOND));
  }

  @Test
  void aConnectionThatLastsEndsAnOutage() {
    outage.began(0);
    outage.connected(SECOND);
    outage.began(100 * SECOND);
    assertFalse(outage.isTooLong(101 * SECOND));
  }

  @Test
  void whatIsToleratedCanBeChanged() {
    outage.began(0);
    assertTrue(outage.isTooLong(60 * SECOND));
    outage.tolerate(Duration.ofDays(1));
    assertFalse(outage.isTooLong(60 * SECOND));
  }
}
