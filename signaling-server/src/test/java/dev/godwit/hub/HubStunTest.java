package dev.godwit.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.godwit.identity.Octets;
import dev.godwit.stun.StunAttribute;
import dev.godwit.stun.StunAttribute.Change;
import dev.godwit.stun.StunAttribute.ChangeRequest;
import dev.godwit.stun.StunClass;
import dev.godwit.stun.StunMessage;
import dev.godwit.stun.TransactionId;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HubStunTest {

  private final Fixture fixture = new Fixture();

  @AfterEach
  void close() throws Exception {
    fixture.close();
  }

  private static StunMessage exchange(DatagramSocket socket, InetSocketAddress hub, byte[] request)
      throws IOException {
    socket.setSoTimeout(Math.toIntExact(Fixture.PATIENCE.toMillis()));
    socket.send(new DatagramPacket(request, request.length, hub));
    DatagramPacket answer = new DatagramPacket(new byte[2048], 2048);
    socket.receive(answer);
    return StunMessage.decode(ByteBuffer.wrap(answer.getData(), 0, answer.getLength()));
  }

  @Test
  void tellsWhereADatagramComesFrom() throws Exception {
    Hub hub = fixture.hub();
    assertEquals(hub.address().getPort(), hub.stunAddress().getPort());
    try (DatagramSocket socket = new DatagramSocket(Fixture.loopback(0))) {
      TransactionId id = TransactionId.random(fixture.random);
      StunMessage answer =
          exchange(socket, hub.stunAddress(), StunMessage.bindingRequest(id).encode());
      assertEquals(id, answer.transaction());
      assertEquals(
          Optional.of((InetSocketAddress) socket.getLocalSocketAddress()), answer.mappedAddress());
    }
  }

  @Test
  void answersOnTheSecondPortToo() throws Exception {
    Hub hub = fixture.hub(fixture.config().withSecondStunPort(0));
    int second = hub.secondStunPort().orElseThrow();
    assertEquals(
        List.of(hub.stunAddress().getPort(), second),
        fixture.client(hub).awaitOnline(Fixture.PATIENCE).stunPorts());
    try (DatagramSocket socket = new DatagramSocket(Fixture.loopback(0))) {
      byte[] request = StunMessage.bindingRequest(TransactionId.random(fixture.random)).encode();
      assertEquals(StunClass.SUCCESS, exchange(socket, Fixture.loopback(second), request).kind());
    }
  }

  @Test
  void garbageIsDroppedAndTheNextRequestAnswered() throws Exception {
    Hub hub = fixture.hub();
    try (DatagramSocket socket = new DatagramSocket(Fixture.loopback(0))) {
      byte[] garbage = {0, 1, 0, 4, 33, 18, (byte) 0xA4, 66};
      socket.send(new DatagramPacket(garbage, garbage.length, hub.stunAddress()));
      socket.send(new DatagramPacket(new byte[0], 0, hub.stunAddress()));
      byte[] request = StunMessage.bindingRequest(TransactionId.random(fixture.random)).encode();
      assertEquals(StunClass.SUCCESS, exchange(socket, hub.stunAddress(), request).kind());
    }
  }

  @Test
  void answersFromTheOtherPortWhenAskedTo() throws Exception {
    Hub hub = fixture.hub(fixture.config().withSecondStunPort(0));
    InetSocketAddress second = Fixture.loopback(hub.secondStunPort().orElseThrow());
    ChangeRequest otherPort = new ChangeRequest(Change.KEEP, Change.OTHER);
    try (DatagramSocket socket = new DatagramSocket(Fixture.loopback(0))) {
      socket.setSoTimeout(Math.toIntExact(Fixture.PATIENCE.toMillis()));
      for (InetSocketAddress asked : List.of(hub.stunAddress(), second)) {
        TransactionId id = TransactionId.random(fixture.random);
        byte[] request = StunMessage.bindingRequest(id, otherPort).encode();
        socket.send(new DatagramPacket(request, request.length, asked));
        DatagramPacket packet = new DatagramPacket(new byte[2048], 2048);
        socket.receive(packet);
        InetSocketAddress expected = asked.equals(second) ? hub.stunAddress() : second;
        assertEquals(expected, packet.getSocketAddress());
        StunMessage answer =
            StunMessage.decode(ByteBuffer.wrap(packet.getData(), 0, packet.getLength()));
        assertEquals(id, answer.transaction());
        assertEquals(
            List.of(
                new StunAttribute.XorMappedAddress(
                    (InetSocketAddress) socket.getLocalSocketAddress()),
                new StunAttribute.ResponseOrigin(expected)),
            answer.attributes());
      }
    }
  }

  @Test
  void aSecondPortThatIsTakenIsReplacedByAnotherOne() throws Exception {
    try (DatagramSocket taken = new DatagramSocket(Fixture.loopback(0))) {
      Hub hub = fixture.hub(fixture.config().withSecondStunPort(taken.getLocalPort()));
      int second = hub.secondStunPort().orElseThrow();
      assertNotEquals(taken.getLocalPort(), second);
      try (DatagramSocket socket = new DatagramSocket(Fixture.loopback(0))) {
        byte[] request = StunMessage.bindingRequest(TransactionId.random(fixture.random)).encode();
        assertEquals(StunClass.SUCCESS, exchange(socket, Fixture.loopback(second), request).kind());
      }
    }
  }

  @Test
  void unknownRequiredAttributesAreAnsweredWith420() throws Exception {
    Hub hub = fixture.hub();
    StunMessage request =
        new StunMessage(
            StunClass.REQUEST,
            StunMessage.BINDING,
            TransactionId.random(fixture.random),
            List.of(new StunAttribute.Other(0x0007, Octets.of(new byte[4]))),
            StunMessage.Fingerprint.ABSENT);
    try (DatagramSocket socket = new DatagramSocket(Fixture.loopback(0))) {
      assertEquals(
          StunMessage.UNKNOWN_ATTRIBUTE,
          exchange(socket, hub.stunAddress(), request.encode()).errorCode().orElseThrow().code());
    }
  }

  @Test
  void anotherStunClientUnderstandsTheAnswer(@TempDir Path dir) throws Exception {
    Hub hub = fixture.hub();
    Path output = dir.resolve("output");
    Process client;
    try {
      client =
          new ProcessBuilder(
                  "turnutils_stunclient",
                  "-p",
                  Integer.toString(hub.stunAddress().getPort()),
                  hub.stunAddress().getAddress().getHostAddress())
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
    } catch (IOException e) {
      fail("turnutils_stunclient is missing: install the Debian package coturn", e);
      return;
    }
    try {
      assertTrue(client.waitFor(Fixture.PATIENCE.toSeconds(), TimeUnit.SECONDS), "it does not end");
    } finally {
      client.destroyForcibly();
    }
    String said = Files.readString(output, StandardCharsets.UTF_8);
    assertTrue(said.contains("UDP reflexive addr: 127.0.0.1:"), said);
  }
}
