package dev.godwit.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.godwit.session.RemoteException;
import dev.godwit.wire.proto.Failure;
import org.junit.jupiter.api.Test;

class PrintableTest {
  private static final String EVIL = "no\u001b[2J\r\nroot# \u202eevil\u0007";

  @Test
  void nothingIsLeftThatATerminalObeys() {
    assertEquals("no?[2J??root# ?evil?", Printable.text(EVIL));
  }

  @Test
  void longTextIsCut() {
    assertEquals(600, Printable.text("x".repeat(10_000)).length());
  }

  @Test
  void aRefusalOfAPeerIsCleaned() {
    Failure failure = Failure.newBuilder().setMessage(EVIL).build();
    assertFalse(String.valueOf(new RemoteException(failure).getMessage()).contains("\u001b"));
  }
}
