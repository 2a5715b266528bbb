package dev.godwit.webrtc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.webrtc.StreamMessage.Data;
import dev.godwit.webrtc.StreamMessage.Fin;
import dev.godwit.webrtc.StreamMessage.FinAck;
import dev.godwit.webrtc.StreamMessage.Reset;
import dev.godwit.webrtc.StreamMessage.StopSending;
import dev.godwit.webrtc.StreamMessage.Window;
import dev.godwit.webrtc.StreamState.Reaction;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class StreamStateTest {
  private final StreamState state = new StreamState();

  private static Data data(int bytes) {
    return new Data(ByteBuffer.allocate(bytes));
  }

  @Test
  void noMoreIsSentThanTheWindow() {
    state.sent(StreamState.INITIAL_WINDOW);
    assertEquals(0, state.sendable());
    assertThrows(IllegalArgumentException.class, () -> state.sent(1));
  }

  @Test
  void aLargerWindowLetsMoreBeSent() throws Exception {
    state.sent(StreamState.INITIAL_WINDOW);
    assertEquals(Reaction.NONE, state.received(new Window(5)));
    assertEquals(5, state.sendable());
  }

  @Test
  void aPeerThatIgnoresTheWindowIsFoundOut() throws Exception {
    assertEquals(Reaction.DELIVER, state.received(data(StreamState.INITIAL_WINDOW)));
    assertThrows(FramingException.class, () -> state.received(data(1)));
  }

  @Test
  void aWindowCannotGrowForEver() throws Exception {
    state.received(new Window(StreamMessage.MAX_CREDIT));
    assertThrows(
        FramingException.class, () -> state.received(new Window(StreamMessage.MAX_CREDIT)));
  }

  @Test
  void theWindowGrowsAgainOnceAQuarterIsRead() throws Exception {
    int quarter = StreamState.INITIAL_WINDOW / 4;
    state.received(data(2 * quarter));
    assertEquals(0, state.consumed(quarter - 1));
    assertEquals(quarter, state.consumed(1));
    assertEquals(Reaction.DELIVER, state.received(data(3 * quarter)));
  }

  @Test
  void nothingIsGrantedAfterTheEnd() throws Exception {
    state.received(data(StreamState.INITIAL_WINDOW));
    state.received(new Fin());
    assertEquals(0, state.consumed(StreamState.INITIAL_WINDOW));
  }

  @Test
  void bothEndsMakeItOver() throws Exception {
    assertTrue(state.finish());
    assertFalse(state.finish());
    assertEquals(Reaction.END, state.received(new Fin()));
    assertFalse(state.isOver());
    assertEquals(Reaction.NONE, state.received(new FinAck()));
    assertTrue(state.isOver());
  }

  @Test
  void nothingComesAfterTheEnd() throws Exception {
    state.received(new Fin());
    assertThrows(FramingException.class, () -> state.received(data(1)));
    assertThrows(FramingException.class, () -> state.received(new Fin()));
  }

  @Test
  void anEndThatWasNotSentIsNotAcknowledged() {
    assertThrows(FramingException.class, () -> state.received(new FinAck()));
  }

  @Test
  void theFirstResetCounts() throws Exception {
    assertTrue(state.reset(3));
    assertFalse(state.reset(4));
    assertEquals(Reaction.NONE, state.received(new Reset(5)));
    assertEquals(3, state.resetCode());
    assertTrue(state.isOver());
  }

  @Test
  void aResetIsAnsweredWithOne() throws Exception {
    assertEquals(Reaction.RESET_AND_SAY_SO, state.received(new Reset(9)));
    assertEquals(9, state.resetCode());
    assertTrue(state.isOver());
    assertEquals(0, state.sendable());
  }

  @Test
  void theOneWhoResetsWaitsForThat() {
    assertTrue(state.reset(9));
    assertFalse(state.isOver());
  }

  @Test
  void stopSendingIsAnsweredWithAReset() throws Exception {
    assertEquals(Reaction.RESET_AND_SAY_SO, state.received(new StopSending(6)));
    assertEquals(6, state.resetCode());
    assertEquals(Reaction.NONE, state.received(new StopSending(7)));
  }

  @Test
  void whatWasOnItsWayDuringAResetIsIgnored() throws Exception {
    state.reset(1);
    assertEquals(Reaction.NONE, state.received(data(10)));
    assertEquals(Reaction.NONE, state.received(new Fin()));
  }

  @Test
  void aStreamThatEndedInBothDirectionsIsNotReset() throws Exception {
    state.finish();
    state.received(new Fin());
    assertFalse(state.reset(1));
    assertFalse(state.isReset());
    assertFalse(state.channelClosed());
  }

  @Test
  void aChannelThatIsClosedTooEarlyIsAReset() {
    state.finish();
    assertTrue(state.channelClosed());
    assertEquals(0, state.resetCode());
  }
}
