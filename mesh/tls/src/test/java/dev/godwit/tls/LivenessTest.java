package dev.godwit.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.wire.ProtocolException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LivenessTest {
  private static final long SECOND = Duration.ofSeconds(1).toNanos();

  /** Clocks of this kind may be negative, and overflow. */
  private static final long START = Long.MAX_VALUE - 3 * SECOND;

  private final Liveness liveness = new Liveness(START);

  @Test
  void asksAtOnceAndThenEverySecond() throws Exception {
    assertTrue(liveness.shouldAsk(START));
    long token = liveness.ask(START);
    assertFalse(liveness.shouldAsk(START + 10 * SECOND), "asked twice at a time");
    liveness.answered(token, START + SECOND / 2);
    assertFalse(liveness.shouldAsk(START + SECOND - 1));
    assertTrue(liveness.shouldAsk(START + SECOND));
  }

  @Test
  void aSilentPeerIsGone() {
    liveness.heard(START + SECOND);
    assertFalse(liveness.isGone(START + 16 * SECOND - 1));
    assertTrue(liveness.isGone(START + 16 * SECOND));
    liveness.heard(START + 16 * SECOND);
    assertFalse(liveness.isGone(START + 17 * SECOND));
  }

  @Test
  void theRoundTripIsSmoothed() throws Exception {
    assertEquals(Duration.ZERO, liveness.roundTrip());
    liveness.answered(liveness.ask(START), START + 800);
    assertEquals(Duration.ofNanos(800), liveness.roundTrip());
    liveness.answered(liveness.ask(START), START + 1600);
    assertEquals(Duration.ofNanos(900), liveness.roundTrip());
  }

  @Test
  void refusesAnswersToNoQuestion() throws Exception {
    assertThrows(ProtocolException.class, () -> liveness.answered(1, START));
    long token = liveness.ask(START);
    assertThrows(ProtocolException.class, () -> liveness.answered(token + 1, START));
    liveness.answered(token, START);
    assertThrows(ProtocolException.class, () -> liveness.answered(token, START));
  }
}
