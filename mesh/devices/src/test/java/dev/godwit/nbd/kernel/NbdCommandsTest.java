package dev.godwit.nbd.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** The bytes of requests, written down as the headers of the kernel describe them. */
final class NbdCommandsTest {
  private static final NbdCommands COMMANDS = new NbdCommands(0x1234);
  private static final DeviceShape SHAPE =
      new DeviceShape(
          1L << 40, 512, 0x1ff, Duration.ofMillis(1500), Duration.ofSeconds(7), "whose");

  private static ByteBuffer start(int family, int command, int sequence) {
    return ByteBuffer.allocate(500)
        .order(ByteOrder.nativeOrder())
        .putInt(0)
        .putShort((short) family)
        .putShort((short) 5)
        .putInt(sequence)
        .putInt(0)
        .put((byte) command)
        .put((byte) 1)
        .putShort((short) 0);
  }

  private static ByteBuffer attribute(ByteBuffer out, int length, int type) {
    return out.putShort((short) length).putShort((short) type);
  }

  private static void assertBytes(ByteBuffer expected, NetlinkRequest request, int sequence) {
    expected.putInt(0, expected.position());
    assertEquals(expected.flip(), request.bytes(sequence));
  }

  private static void sockets(ByteBuffer out, int... sockets) {
    attribute(out, 4 + 12 * sockets.length, 7 | 0x8000);
    for (int socket : sockets) {
      attribute(out, 12, 1 | 0x8000);
      attribute(out, 8, 1).putInt(socket);
    }
  }

  private static ByteBuffer text(ByteBuffer out, int type, String text, int padding) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    return attribute(out, 4 + bytes.length + 1, type)
        .put(bytes)
        .put((byte) 0)
        .put(new byte[padding]);
  }

  @Test
  void aFamilyIsAskedForByItsName() {
    ByteBuffer out = start(0x10, 3, 9);
    text(out, 2, "nbd", 0);
    assertBytes(out, NbdCommands.findFamily("nbd"), 9);
  }

  @Test
  void connectSaysEverythingAboutTheDevice() {
    ByteBuffer out = start(0x1234, 1, 2);
    attribute(out, 8, 1).putInt(3);
    attribute(out, 12, 2).putLong(1L << 40);
    attribute(out, 12, 3).putLong(512);
    attribute(out, 12, 4).putLong(2);
    attribute(out, 12, 8).putLong(7);
    attribute(out, 12, 5).putLong(0x1ff);
    attribute(out, 12, 6).putLong(0);
    text(out, 10, "whose", 2);
    sockets(out, 40, 41);
    assertBytes(out, COMMANDS.connect(OptionalInt.of(3), SHAPE, List.of(40, 41)), 2);
  }

  @Test
  void withoutANumberTheKernelChooses() {
    ByteBuffer with = COMMANDS.connect(OptionalInt.of(3), SHAPE, List.of(40)).bytes(1);
    ByteBuffer without = COMMANDS.connect(OptionalInt.empty(), SHAPE, List.of(40)).bytes(1);
    assertEquals(with.remaining() - 8, without.remaining());
  }

  @Test
  void reconfigureNamesTheOwnerAndTheSockets() {
    ByteBuffer out = start(0x1234, 3, 2);
    attribute(out, 8, 1).putInt(3);
    text(out, 10, "whose", 2);
    sockets(out, 50);
    assertBytes(out, COMMANDS.reconfigure(3, "whose", List.of(50)), 2);
  }

  @Test
  void disconnectAndStatusNameTheDevice() {
    ByteBuffer disconnect = start(0x1234, 2, 1);
    attribute(disconnect, 8, 1).putInt(3);
    assertBytes(disconnect, COMMANDS.disconnect(3), 1);
    ByteBuffer status = start(0x1234, 5, 1);
    attribute(status, 8, 1).putInt(3);
    assertBytes(status, COMMANDS.status(3), 1);
  }

  private static NetlinkMessage reply(ByteBuffer attributes) {
    ByteBuffer payload = ByteBuffer.allocate(500).order(ByteOrder.nativeOrder()).putInt(0);
    return new NetlinkMessage(0x1234, 1, payload.put(attributes.flip()).flip());
  }

  private static ByteBuffer empty() {
    return ByteBuffer.allocate(400).order(ByteOrder.nativeOrder());
  }

  @Test
  void theFamilysNumberIsFound() throws ProtocolException {
    ByteBuffer out = text(empty(), 2, "nbd", 0);
    NetlinkMessage reply = reply(attribute(out, 6, 1).putShort((short) 0xff20).putShort((short) 0));
    assertEquals(0xff20, NbdCommands.familyIn(List.of(reply)));
    assertThrows(ProtocolException.class, () -> NbdCommands.familyIn(List.of()));
    assertThrows(ProtocolException.class, () -> NbdCommands.familyIn(List.of(reply(empty()))));
  }

  @Test
  void theDevicesNumberIsFoundAndHasToBeOne() throws ProtocolException {
    assertEquals(5, NbdCommands.indexIn(List.of(reply(attribute(empty(), 8, 1).putInt(5)))));
    assertThrows(
        ProtocolException.class,
        () -> NbdCommands.indexIn(List.of(reply(attribute(empty(), 8, 1).putInt(-1)))));
    assertThrows(ProtocolException.class, () -> NbdCommands.indexIn(List.of(reply(empty()))));
    var short1 = new NetlinkMessage(1, 1, ByteBuffer.allocate(3));
    assertThrows(ProtocolException.class, () -> NbdCommands.indexIn(List.of(short1)));
  }

  private static void device(ByteBuffer out, int index, int connected) {
    attribute(out, 20, 1);
    attribute(out, 8, 1).putInt(index);
    attribute(out, 5, 2).put((byte) connected).put(new byte[3]);
  }

  @Test
  void theStatusIsTheOneOfThatDevice() throws ProtocolException {
    ByteBuffer out = attribute(empty(), 64, 9);
    device(out, 0, 1);
    device(out, 1, 0);
    device(out, 2, 1);
    List<NetlinkMessage> replies = List.of(reply(out));
    assertTrue(NbdCommands.isConnected(replies, 0));
    assertFalse(NbdCommands.isConnected(replies, 1));
    assertTrue(NbdCommands.isConnected(replies, 2));
    assertFalse(NbdCommands.isConnected(replies, 3));
    assertFalse(NbdCommands.isConnected(List.of(), 0));
  }

  @Test
  void secondsAreRoundedUp() {
    assertEquals(0, NbdCommands.seconds(Duration.ZERO));
    assertEquals(1, NbdCommands.seconds(Duration.ofNanos(1)));
    assertEquals(1, NbdCommands.seconds(Duration.ofSeconds(1)));
    assertEquals(2, NbdCommands.seconds(Duration.ofMillis(1001)));
  }
}
