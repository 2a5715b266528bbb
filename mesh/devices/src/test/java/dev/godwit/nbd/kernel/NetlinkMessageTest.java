package dev.godwit.nbd.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.testing.Seeds;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class NetlinkMessageTest {
  private static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.nativeOrder());
  }

  private static ByteBuffer header(ByteBuffer out, int length, int type, int flags, int sequence) {
    return out.putInt(length)
        .putShort((short) type)
        .putShort((short) flags)
        .putInt(sequence)
        .putInt(0);
  }

  @Test
  void aDatagramMayHaveSeveralMessages() throws ProtocolException {
    ByteBuffer out = buffer(100);
    header(out, 16 + 5, 7, 0, 1).put(new byte[] {1, 2, 3, 4, 5}).put(new byte[3]);
    header(out, 16, 8, 0, 2);
    List<NetlinkMessage> messages = NetlinkMessage.split(out.flip());
    assertEquals(2, messages.size());
    assertEquals(7, messages.getFirst().type());
    assertEquals(1, messages.getFirst().sequence());
    assertEquals(5, messages.getFirst().payload().remaining());
    assertEquals(8, messages.getLast().type());
    assertEquals(2, messages.getLast().sequence());
  }

  @Test
  void theLastMessageNeedsNoPadding() throws ProtocolException {
    ByteBuffer out = buffer(17);
    header(out, 17, 7, 0, 1).put((byte) 9);
    assertEquals(1, NetlinkMessage.split(out.flip()).size());
  }

  @ParameterizedTest
  @ValueSource(ints = {Integer.MIN_VALUE, -1, 0, 15, 21, 1 << 20, Integer.MAX_VALUE})
  void aMessageOfAnyOtherLengthIsRefused(int length) {
    ByteBuffer out = buffer(20);
    header(out, length, 7, 0, 1).putInt(0);
    assertThrows(ProtocolException.class, () -> NetlinkMessage.split(out.flip()));
  }

  @Test
  void lessThanAHeaderIsRefused() {
    assertThrows(ProtocolException.class, () -> NetlinkMessage.split(buffer(15)));
  }

  private static NetlinkMessage only(ByteBuffer out) throws ProtocolException {
    List<NetlinkMessage> messages = NetlinkMessage.split(out.flip());
    assertEquals(1, messages.size());
    return messages.getFirst();
  }

  @Test
  void anAcknowledgementIsAnErrorOfZero() throws ProtocolException {
    ByteBuffer out = buffer(36);
    header(out, 36, NetlinkMessage.ERROR, 0x100, 5).putInt(0);
    NetlinkMessage message = only(header(out, 99, 3, 0, 5));
    assertEquals(0, message.error());
    assertEquals("", message.errorText());
  }

  @Test
  void anErrorRepeatsTheRequestAndMaySayWhy() throws ProtocolException {
    ByteBuffer out = buffer(100);
    header(out, 52, NetlinkMessage.ERROR, 0x200, 5).putInt(-16);
    header(out, 20, 3, 0, 5).putInt(0x12345678);
    out.putShort((short) 8).putShort((short) 1).put(new byte[] {'w', 'h', 'y', 0});
    out.putInt(0, out.position());
    NetlinkMessage message = only(out);
    assertEquals(16, message.error());
    assertEquals("why", message.errorText());
  }

  @ParameterizedTest
  @ValueSource(ints = {Integer.MIN_VALUE, -1, 0, 15, 17, 24, Integer.MAX_VALUE - 1})
  void anErrorWhoseRequestHasAnyOtherLengthHasNoText(int length) throws ProtocolException {
    ByteBuffer out = buffer(36);
    header(out, 36, NetlinkMessage.ERROR, 0x200, 5).putInt(-2);
    NetlinkMessage message = only(header(out, length, 3, 0, 5));
    assertEquals(2, message.error());
    assertEquals("", message.errorText());
  }

  @Test
  void anErrorThatIsTooShortIsRefused() {
    ByteBuffer out = buffer(35);
    header(out, 35, NetlinkMessage.ERROR, 0, 5).put(new byte[19]);
    assertThrows(ProtocolException.class, () -> NetlinkMessage.split(out.flip()));
  }

  @Test
  void attributesHaveTypesValuesAndPadding() throws ProtocolException {
    ByteBuffer out = buffer(64);
    out.putShort((short) 5).putShort((short) 1).put((byte) 200).put(new byte[3]);
    out.putShort((short) 6).putShort((short) 2).putShort((short) -1).putShort((short) 0);
    out.putShort((short) 8).putShort((short) 3).putInt(-2);
    out.putShort((short) 7).putShort((short) 4).put(new byte[] {'a', 'b', 0, 0});
    out.putShort((short) 8).putShort((short) (5 | 1 << 15));
    out.putShort((short) 4).putShort((short) 6);
    Attributes attributes = Attributes.of(out.flip());
    assertEquals(OptionalInt.of(200), attributes.number(1));
    assertEquals(OptionalInt.of(65535), attributes.number(2));
    assertEquals(OptionalInt.of(-2), attributes.number(3));
    assertEquals(OptionalInt.empty(), attributes.number(9));
    assertEquals("ab", attributes.text(4));
    assertEquals("", attributes.text(9));
    assertEquals(1, attributes.lists(5).size());
    assertThrows(ProtocolException.class, () -> attributes.number(4));
    assertThrows(ProtocolException.class, () -> attributes.lists(3));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3, 9, 65535})
  void anAttributeOfAnyOtherLengthIsRefused(int length) {
    ByteBuffer out = buffer(8).putShort((short) length).putShort((short) 1).putInt(0);
    assertThrows(ProtocolException.class, () -> Attributes.of(out.flip()));
  }

  @Test
  void garbageIsRefusedOrUnderstoodButBreaksNothing() {
    int refused = 0;
    for (int seed = 0; seed < 20_000; seed++) {
      var random = new Random(seed);
      byte[] bytes = Seeds.bytes(random, random.nextInt(80));
      if (bytes.length > 8) {
        ByteBuffer.wrap(bytes)
            .order(ByteOrder.nativeOrder())
            .putInt(0, random.nextInt(bytes.length + 2))
            .putShort(4, (short) random.nextInt(4));
      }
      try {
        for (NetlinkMessage message : NetlinkMessage.split(ByteBuffer.wrap(bytes))) {
          if (message.type() == NetlinkMessage.ERROR) {
            assertTrue(message.errorText().length() <= 80);
          } else {
            var _ = NbdCommands.isConnected(List.of(message), 1);
          }
        }
      } catch (ProtocolException e) {
        refused++;
      }
    }
    assertTrue(refused > 1000 && refused < 20_000, "refused " + refused);
  }
}
