package dev.godwit.libc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.testing.Patience;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class DeadlineTest {
  private static final Duration LIMIT = Patience.seconds(30);

  @Test
  void aConditionIsAwaited() throws IOException {
    var looks = new AtomicInteger();
    assertTrue(Deadline.in(LIMIT).await(Duration.ZERO, () -> looks.incrementAndGet() == 3));
    assertEquals(3, looks.get());
  }

  @Test
  void aConditionIsLookedAtOnceWhenNothingIsLeft() throws IOException {
    assertTrue(Deadline.in(Duration.ZERO).await(LIMIT, () -> true));
    assertFalse(Deadline.in(Duration.ZERO).await(LIMIT, () -> false));
  }

  @Test
  void whoIsInterruptedWaitsNoMoreAndStaysInterrupted() {
    Thread.currentThread().interrupt();
    assertThrows(InterruptedIOException.class, () -> Deadline.in(LIMIT).await(LIMIT, () -> false));
    assertTrue(Thread.interrupted());
  }
}
