package dev.godwit.webrtc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.webrtc.WindowGrowth.RoundTrips;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class WindowGrowthTest {
  private static final long ROUND = TimeUnit.MILLISECONDS.toNanos(100);
  private static final int FIRST = StreamState.INITIAL_WINDOW;

  private final WindowGrowth growth = new WindowGrowth();

  private static RoundTrips path(long latest, long asked) {
    return RoundTrips.first(ROUND, 0).and(latest, asked);
  }

  /** A reader that takes so much in each round trip, which takes that long at the end of it. */
  private int rounds(int count, int bytes, long latest) {
    int grown = growth.consumed(0, 0, path(latest, -1));
    for (int i = 1; i <= count; i++) {
      grown += growth.consumed(bytes, i * ROUND, path(latest, (i - 1) * ROUND));
    }
    return grown;
  }

  @Test
  void aWindowThatIsUsedGrowsByAnEighthInEachRoundTrip() {
    int once = FIRST + FIRST / 8;
    assertEquals(once + once / 8 - FIRST, rounds(2, WindowGrowth.MOST, ROUND));
  }

  @Test
  void thereIsALargestWindow() {
    assertEquals(WindowGrowth.MOST - FIRST, rounds(100, WindowGrowth.MOST, ROUND));
  }

  @Test
  void aWindowStaysWhenThereAreQueuesOnTheWay() {
    assertEquals(0, rounds(100, WindowGrowth.MOST, ROUND + ROUND / 5));
  }

  @Test
  void aSlowReaderNeedsNoLargerWindow() {
    assertEquals(0, rounds(100, FIRST / 10, ROUND));
  }

  @Test
  void onlyARoundTripOfTheSameTimeCounts() {
    growth.consumed(0, 0, path(ROUND, -1));
    assertEquals(0, growth.consumed(FIRST, ROUND, path(ROUND, -1)));
    assertTrue(growth.consumed(1, ROUND, path(ROUND, 1)) > 0);
  }

  @Test
  void whoHasTakenHalfAWindowIsCurious() {
    RoundTrips old = path(ROUND, -1);
    growth.consumed(0, 0, old);
    assertFalse(growth.isCurious(old));
    growth.consumed(FIRST / 2, 1, old);
    assertTrue(growth.isCurious(old));
    assertFalse(growth.isCurious(path(ROUND, 1)));
  }
}
