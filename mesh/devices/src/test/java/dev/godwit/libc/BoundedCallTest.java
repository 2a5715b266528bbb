package dev.godwit.libc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.testing.Patience;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class BoundedCallTest {
  private static final Duration LIMIT = Patience.seconds(30);

  private final CountDownLatch held = new CountDownLatch(1);
  private final CompletableFuture<String> undone = new CompletableFuture<>();

  private String make() throws InterruptedException {
    held.await();
    return "made";
  }

  private String run(Duration limit) throws Exception {
    return BoundedCall.run("a call", limit, this::make, undone::complete);
  }

  private void assertUndone() throws Exception {
    assertFalse(undone.isDone());
    held.countDown();
    assertEquals("made", undone.get(LIMIT.toSeconds(), TimeUnit.SECONDS));
  }

  @Test
  void whatIsMadeTooLateIsUndone() throws Exception {
    assertThrows(BoundedCall.TooLongException.class, () -> run(Duration.ZERO));
    assertUndone();
  }

  @Test
  void whatIsMadeForSomebodyWhoWasInterruptedIsUndone() throws Exception {
    Thread.currentThread().interrupt();
    assertThrows(InterruptedIOException.class, () -> run(LIMIT));
    assertTrue(Thread.interrupted());
    assertUndone();
  }

  @Test
  void whatTheCallerGetsIsNotUndone() throws Exception {
    held.countDown();
    assertEquals("made", run(LIMIT));
    assertFalse(undone.isDone());
  }

  @Test
  void theCallsOwnFailureIsThrown() {
    var own = new InterruptedIOException("its own");
    var thrown =
        assertThrows(
            InterruptedIOException.class,
            () ->
                BoundedCall.run(
                    "a call",
                    LIMIT,
                    () -> {
                      throw own;
                    }));
    assertEquals(own, thrown);
  }
}
