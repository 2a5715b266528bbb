package dev.godwit.migration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private final AtomicLong nanos = new AtomicLong();

  private InFlightWindow window(Duration roundTrip) {
    return new InFlightWindow(nanos::get, () -> roundTrip);
  }

  @Test
  void aSingleRequestMayBeLargerThanTheWindow() throws IOException {
    window(Duration.ZERO).acquire(InFlightWindow.MAX * 2, NOW);
  }

  @Test
  void moreThanTheWindowWaitsAndThenFails() throws IOException {
    InFlightWindow window = window(Duration.ZERO);
    window.acquire(InFlightWindow.MIN, NOW);
    IOException failed = assertThrows(IOException.class, () -> window.acquire(1, NOW));
    assertTrue(String.valueOf(failed.getMessage()).contains("no answer"), failed::getMessage);
  }

  @Test
  void aReleaseLetsTheNextOneIn() throws Exception {
    InFlightWindow window = window(Duration.ZERO);
    window.acquire(InFlightWindow.MIN, NOW);
    CompletableFuture<Void> waiting =
        CompletableFuture.runAsync(() -> acquire(window), task -> Thread.startVirtualThread(task));
    window.release(InFlightWindow.MIN);
    waiting.get(10, TimeUnit.SECONDS);
  }

  private static void acquire(InFlightWindow window) {
    try {
      window.acquire(1, PATIENCE);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aFullWindowOpensWhenAQuarterIsFree() throws Exception {
    InFlightWindow window = window(Duration.ZERO);
    long eighth = InFlightWindow.MIN / 8;
    window.acquire(InFlightWindow.MIN, NOW);
    assertThrows(IOException.class, () -> window.acquire(eighth, NOW));
    window.release(eighth);
    assertThrows(IOException.class, () -> window.acquire(eighth, NOW));
    window.release(2 * eighth);
    window.acquire(eighth, NOW);
    window.acquire(eighth, NOW);
  }

  @Test
  void theWindowGrowsToTwiceTheBandwidthDelayProduct() throws IOException {
    InFlightWindow window = window(Duration.ofMillis(100));
    // 100 MB/s for a second: the product is 10 MB.
    for (int i = 0; i < 100; i++) {
      window.acquire(1_000_000, NOW);
      nanos.addAndGet(10_000_000);
      window.release(1_000_000);
    }
    assertEquals(1e8, window.bytesPerSecond(), 1e7);
    window.acquire(15_000_000, NOW);
    window.acquire(4_000_000, NOW);
    assertThrows(IOException.class, () -> window.acquire(4_000_000, NOW));
  }

  @Test
  void theWindowNeverGrowsWithoutLimit() throws IOException {
    InFlightWindow window = window(Duration.ofSeconds(10));
    for (int i = 0; i < 100; i++) {
      window.acquire(1 << 20, NOW);
      nanos.addAndGet(1_000_000);
      window.release(1 << 20);
    }
    window.acquire(InFlightWindow.MAX, NOW);
    assertThrows(IOException.class, () -> window.acquire(1, NOW));
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
