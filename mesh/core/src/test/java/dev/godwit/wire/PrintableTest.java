package dev.godwit.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.godwit.session.RemoteException;
import dev.godwit.testing.EvilText;
import dev.godwit.wire.proto.Failure;
import org.junit.jupiter.api.Test;

class PrintableTest {
  @Test
  void nothingIsLeftThatATerminalObeys() {
    assertEquals("no?[2J?2J??root# ?evil?and???", Printable.text(EvilText.TEXT));
    EvilText.assertHarmless(Printable.text(EvilText.TEXT));
  }

  @Test
  void longTextIsCut() {
    assertEquals(600, Printable.text("x".repeat(10_000)).length());
  }

  @Test
  void aRefusalOfAPeerIsCleaned() {
    Failure failure = Failure.newBuilder().setMessage(EvilText.TEXT).build();
    EvilText.assertHarmless(String.valueOf(new RemoteException(failure).getMessage()));
  }

  @Test
  void aRefusalIsCleanedHoweverItIsMade() {
    RemoteException refusal = new RemoteException(Failure.Code.NOT_A_MEMBER, EvilText.TEXT);
    EvilText.assertHarmless(String.valueOf(refusal.getMessage()));
    EvilText.assertHarmless(refusal.toFailure().getMessage());
  }

  @Test
  void aCharacterThatIsCutInTheMiddleIsNotLeft() {
    String cut = Printable.text("x".repeat(599) + "\ud83d\ude00");
    assertEquals("x".repeat(599) + "?", cut);
  }
}
