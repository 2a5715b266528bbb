package dev.godwit.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.testing.Patience;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class NetworkWatchTest {
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final InetAddress HOME = InetAddress.ofLiteral("192.0.2.1");
  private static final InetAddress ROAMING = InetAddress.ofLiteral("198.51.100.1");

  private Set<InetAddress> addresses = Set.of(HOME);
  private Instant wall = Instant.parse("2030-01-01T00:00:00Z");
  private long steady = -5;
  private final AtomicInteger changes = new AtomicInteger();
  private final NetworkWatch watch =
      new NetworkWatch(() -> addresses, () -> wall, () -> steady, changes::incrementAndGet);

  /** Both clocks go on, and the watch looks. */
  private boolean after(Duration passed) {
    return after(passed, passed);
  }

  private boolean after(Duration wallTime, Duration steadyTime) {
    wall = wall.plus(wallTime);
    steady += steadyTime.toNanos();
    int before = changes.get();
    watch.look();
    return changes.get() > before;
  }

  @Test
  void nothingChangesWhenNothingChanges() {
    for (int i = 0; i < 1000; i++) {
      assertFalse(after(SECOND));
    }
  }

  @Test
  void anotherAddressIsNoticedOnce() {
    addresses = Set.of(ROAMING);
    assertTrue(after(SECOND));
    assertFalse(after(SECOND));
  }

  @Test
  void anAddressMoreOrLessIsNoticed() {
    addresses = Set.of(HOME, ROAMING);
    assertTrue(after(SECOND));
    addresses = Set.of(ROAMING);
    assertTrue(after(SECOND));
    addresses = Set.of();
    assertTrue(after(SECOND));
    addresses = Set.of(ROAMING);
    assertTrue(after(SECOND));
    assertEquals(4, changes.get());
  }

  @Test
  void sleepIsNoticedWhereTheSteadyClockStopsMeanwhile() {
    assertTrue(after(Duration.ofMinutes(10), SECOND));
    assertFalse(after(SECOND));
  }

  @Test
  void sleepIsNoticedWhereTheSteadyClockGoesOn() {
    assertTrue(after(Duration.ofMinutes(10)));
    assertFalse(after(SECOND));
  }

  @Test
  void aWallClockThatIsSetIsNoticed() {
    assertTrue(after(Duration.ofHours(-3), SECOND));
    assertFalse(after(SECOND));
  }

  @Test
  void aSmallCorrectionOfTheClockIsNotSleep() {
    assertFalse(after(Duration.ofMillis(1500), SECOND));
    assertFalse(after(Duration.ofMillis(-300), SECOND));
    assertFalse(after(Duration.ofSeconds(4), SECOND));
  }

  @Test
  void aBusyMachineThatLooksLateHasNotSlept() {
    assertFalse(after(Duration.ofSeconds(4)));
  }

  @Test
  void itLooksByItselfUntilItIsClosed() throws Exception {
    CountDownLatch noticed = new CountDownLatch(3);
    AtomicInteger seconds = new AtomicInteger();
    // Every look at the clock is an hour after the one before.
    InstantSource jumping = () -> Instant.EPOCH.plusSeconds(3600L * seconds.incrementAndGet());
    try (NetworkWatch _ = NetworkWatch.start(jumping, noticed::countDown)) {
      assertTrue(noticed.await(Patience.seconds(30).toSeconds(), TimeUnit.SECONDS));
    }
  }
}
