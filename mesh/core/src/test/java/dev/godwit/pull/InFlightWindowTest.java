package dev.godwit.pull;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.testing.Patience;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class InFlightWindowTest {
  private static final Duration NOW = Duration.ofMillis(1);
  private static final Duration PATIENCE = Patience.seconds(20);
  private final AtomicLong nanos = new AtomicLong();

  private InFlightWindow window(Duration roundTrip) {
    return new InFlightWindow(nanos::get, () -> roundTrip);
  }

  @Test
  void aSingleRequestMayBeLargerThanTheWindow() throws IOException {
    window(Duration.ZERO).acquire(FlowEstimate.MAX * 2, NOW);
  }

  @Test
  void moreThanTheWindowWaitsAndThenFails() throws IOException {
    InFlightWindow window = window(Duration.ZERO);
    window.acquire(FlowEstimate.MIN, NOW);
    IOException failed = assertThrows(IOException.class, () -> window.acquire(1, NOW));
    assertTrue(String.valueOf(failed.getMessage()).contains("no answer"), failed::getMessage);
  }

  @Test
  void aReleaseLetsTheNextOneIn() throws Exception {
    InFlightWindow window = window(Duration.ZERO);
    window.acquire(FlowEstimate.MIN, NOW);
    CompletableFuture<Void> waiting =
        CompletableFuture.runAsync(() -> acquire(window), task -> Thread.startVirtualThread(task));
    window.release(FlowEstimate.MIN);
    waiting.get(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS);
  }

  private static void acquire(InFlightWindow window) {
    try {
      window.acquire(1, PATIENCE);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aFullWindowOpensWhenAMomentsWorthIsFree() throws Exception {
    InFlightWindow window = window(Duration.ZERO);
    // 1 MB/s: what comes in a moment is 3 kB.
    for (int i = 0; i < 100; i++) {
      window.acquire(10_000, NOW);
      nanos.addAndGet(10_000_000);
      window.release(10_000);
    }
    window.acquire(FlowEstimate.MIN, NOW);
    assertThrows(IOException.class, () -> window.acquire(1, NOW));
    window.release(2_000);
    assertThrows(IOException.class, () -> window.acquire(1, NOW));
    window.release(2_000);
    window.acquire(1_000, NOW);
  }

  @Test
  void onALongWayRequestsAreSpreadOverTheRoundTrip() throws Exception {
    // Each look at the clock takes a millisecond.
    InFlightWindow window =
        new InFlightWindow(() -> nanos.addAndGet(1_000_000), () -> Duration.ofMillis(100));
    window.acquire(1, PATIENCE);
    window.acquire(1, PATIENCE);
    window.release(1);
    long before = nanos.get();
    for (int i = 0; i < 8; i++) {
      window.acquire(FlowEstimate.MIN / 10, PATIENCE);
    }
    assertTrue(nanos.get() - before > 50_000_000, "so many requests at once: " + nanos);
  }

  @Test
  void queueingIsWhatIsUnderWayAtThePresentSpeed() throws IOException {
    InFlightWindow window = window(Duration.ZERO);
    assertEquals(Duration.ZERO, window.queueing());
    for (int i = 0; i < 100; i++) {
      window.acquire(10_000, NOW);
      nanos.addAndGet(10_000_000);
      window.release(10_000);
    }
    window.acquire(500_000, NOW);
    assertEquals(0.5, window.queueing().toNanos() / 1e9, 0.05);
  }

  @Test
  void drainingWaitsForEverything() throws Exception {
    InFlightWindow window = window(Duration.ZERO);
    window.drain(NOW);
    window.acquire(10, NOW);
    assertThrows(IOException.class, () -> window.drain(NOW));
    window.release(10);
    window.drain(NOW);
  }
}
