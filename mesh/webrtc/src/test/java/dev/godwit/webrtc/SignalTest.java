package dev.godwit.webrtc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import dev.godwit.identity.Octets;
import dev.godwit.testing.EvilText;
import dev.godwit.testing.Seeds;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SignalTest {
  private static final ByteString ID = ByteString.copyFrom(new byte[16]);
  private static final Octets FINGERPRINT = Octets.of(new byte[32]);
  private static final Octets SIGNATURE = Octets.of(new byte[64]);
  private static final Signal.Candidate CANDIDATE = new Signal.Candidate("0", 0, "candidate:1");

  static Stream<Signal> everyKind() {
    Signal.Description description = new Signal.Description("v=0", FINGERPRINT, SIGNATURE);
    return Stream.of(
        new Signal.Offer(ID, description),
        new Signal.Answer(ID, description),
        new Signal.Reachable(ID, List.of(CANDIDATE), true),
        new Signal.Refused(ID, "no"));
  }

  static Stream<Signal> tooMuch() {
    return Stream.of(
        new Signal.Offer(ByteString.EMPTY, new Signal.Description("", FINGERPRINT, SIGNATURE)),
        new Signal.Offer(ID, new Signal.Description("", SIGNATURE, SIGNATURE)),
        new Signal.Offer(ID, new Signal.Description("", FINGERPRINT, FINGERPRINT)),
        new Signal.Answer(
            ID, new Signal.Description("x".repeat(Signal.MAX_SDP + 1), FINGERPRINT, SIGNATURE)),
        new Signal.Reachable(ID, Collections.nCopies(65, CANDIDATE), false),
        new Signal.Reachable(ID, List.of(new Signal.Candidate("", -1, "")), false),
        new Signal.Reachable(ID, List.of(new Signal.Candidate("", 0, "x".repeat(513))), false));
  }

  @ParameterizedTest
  @MethodSource("everyKind")
  void whatIsWrittenIsRead(Signal signal) throws Exception {
    assertEquals(signal, Signal.parse(Signal.encode(signal)));
  }

  @ParameterizedTest
  @MethodSource("tooMuch")
  void whatIsTooLongOrTooShortIsRefused(Signal signal) {
    assertThrows(SignalException.class, () -> Signal.parse(Signal.encode(signal)));
  }

  @Test
  void aReasonIsFitForTerminals() throws Exception {
    Signal said = Signal.parse(Signal.encode(new Signal.Refused(ID, EvilText.TEXT)));
    EvilText.assertHarmless(assertInstanceOf(Signal.Refused.class, said).reason());
  }

  @Test
  void aLongMessageIsNotEvenRead() {
    assertThrows(SignalException.class, () -> Signal.parse(new byte[Signal.MAX_BYTES + 1]));
  }

  @Test
  void anythingIsReadOrRefused() {
    Seeds.each(
        2000,
        random -> {
          byte[] bytes = Signal.encode(everyKind().toList().get(random.nextInt(4)));
          for (int i = random.nextInt(4); i >= 0; i--) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
          }
          try {
            assertEquals(Signal.CONNECTION, Signal.parse(bytes).connection().size());
          } catch (SignalException e) {
            assertTrue(e.getMessage() != null);
          }
        });
  }
}
