package dev.godwit.webrtc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.godwit.wire.Printable;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class StreamMessageTest {
  private static ByteBuffer hex(String hex) {
    return ByteBuffer.wrap(HexFormat.of().parseHex(hex));
  }

  static Stream<StreamMessage> everyKindButData() {
    return Stream.of(
        new StreamMessage.Fin(),
        new StreamMessage.FinAck(),
        new StreamMessage.StopSending(0),
        new StreamMessage.Reset(StreamMessage.MAX_CODE),
        new StreamMessage.Window(1));
  }

  @ParameterizedTest
  @MethodSource("everyKindButData")
  void whatIsWrittenIsRead(StreamMessage message) throws Exception {
    assertEquals(message, StreamMessage.parse(StreamMessage.encode(message)));
  }

  @ParameterizedTest
  @CsvSource({"01,Fin[]", "02,FinAck[]", "0300000007,StopSending[code=7]"})
  void theBytesAreThoseOfTheDocument(String bytes, String message) throws Exception {
    assertEquals(message, StreamMessage.parse(hex(bytes)).toString());
  }

  @ParameterizedTest
  @CsvSource({"040000002a,Reset[code=42]", "0500040000,Window[credit=262144]"})
  void numbersAreInNetworkOrder(String bytes, String message) throws Exception {
    assertEquals(message, StreamMessage.parse(hex(bytes)).toString());
  }

  @Test
  void dataIsTheRestOfTheMessage() throws Exception {
    StreamMessage.Data data =
        assertInstanceOf(StreamMessage.Data.class, StreamMessage.parse(hex("00616263")));
    assertEquals(hex("616263"), data.payload());
  }

  @ParameterizedTest
  @CsvSource({
    "'',an empty message",
    "00,data without bytes",
    "06,a message of the unknown type 6",
    "ff,a message of the unknown type -1",
    "0100,bytes after Fin[]",
    "0200,bytes after FinAck[]",
    "04,a number of 0 bytes",
    "0400000000ff,a number of 5 bytes",
    "0440000001,the number 1073741825",
    "04ffffffff,the number 4294967295",
    "0500000000,the number 0"
  })
  void whatBreaksTheRulesIsRefused(String bytes, String why) {
    FramingException refusal =
        assertThrows(FramingException.class, () -> StreamMessage.parse(hex(bytes)));
    assertEquals(why, refusal.getMessage());
  }

  @Test
  void aMessageIsAtMost64KiB() {
    assertThrows(
        FramingException.class,
        () -> StreamMessage.parse(ByteBuffer.allocate(StreamMessage.MAX_MESSAGE + 1)));
  }

  @ParameterizedTest
  @CsvSource({
    "'',an empty control message",
    "1000,a control number of 1 bytes",
    "00,a control message of the unknown type 0"
  })
  void whatBreaksTheRulesOfTheControlChannelIsRefused(String bytes, String why) {
    FramingException refusal =
        assertThrows(FramingException.class, () -> ControlMessage.parse(hex(bytes)));
    assertEquals(why, refusal.getMessage());
  }

  @Test
  void controlMessagesAreReadAsWritten() throws Exception {
    for (ControlMessage message :
        new ControlMessage[] {
          new ControlMessage.Ping(-1), new ControlMessage.Pong(7), new ControlMessage.Goodbye("so")
        }) {
      assertEquals(message, ControlMessage.parse(ControlMessage.encode(message)));
    }
  }

  @Test
  void aLongReasonIsCut() throws Exception {
    ByteBuffer sent = ControlMessage.encode(new ControlMessage.Goodbye("x".repeat(5000)));
    assertEquals(1 + ControlMessage.MAX_REASON, sent.remaining());
    ControlMessage.Goodbye cut =
        assertInstanceOf(ControlMessage.Goodbye.class, ControlMessage.parse(sent));
    assertEquals(Printable.text("x".repeat(ControlMessage.MAX_REASON)), cut.reason());
  }
}
