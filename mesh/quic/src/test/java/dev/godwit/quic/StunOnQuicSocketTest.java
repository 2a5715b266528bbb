package dev.godwit.quic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.identity.Identity;
import dev.godwit.stream.Connection;
import dev.godwit.stun.StunMessage;
import dev.godwit.stun.TransactionId;
import dev.godwit.testing.Patience;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One UDP socket speaks QUIC in both roles and STUN beside it. */
@Timeout(30)
class StunOnQuicSocketTest {
  private final SecureRandom random = new SecureRandom();

  private QuicTransport transport(Identity identity) throws Exception {
    return new QuicTransport(
        identity,
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
        QuicSettings.STANDARD,
        InstantSource.system(),
        random);
  }

  @Test
  void theSocketAnswersStunWhileItSpeaksQuic() throws Exception {
    Identity alice = Identity.generate(random);
    Identity bob = Identity.generate(random);
    try (QuicTransport here = transport(alice);
        QuicTransport there = transport(bob);
        DatagramSocket asking = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      there.listen(connection -> {});
      Connection connection = here.dial(bob.id(), there.addresses(), Duration.ofSeconds(5));
      byte[] request = StunMessage.bindingRequest(TransactionId.random(random)).encode();
      asking.setSoTimeout(Math.toIntExact(Patience.seconds(5).toMillis()));
      asking.send(new DatagramPacket(request, request.length, there.boundTo()));
      DatagramPacket answer = new DatagramPacket(new byte[1500], 1500);
      asking.receive(answer);
      StunMessage message =
          StunMessage.decode(ByteBuffer.wrap(Arrays.copyOf(answer.getData(), answer.getLength())));
      assertEquals(
          (InetSocketAddress) asking.getLocalSocketAddress(),
          message.mappedAddress().orElseThrow());
      assertTrue(connection.isOpen());
    }
  }

  @Test
  void garbageOnTheSocketHurtsNobody() throws Exception {
    Identity alice = Identity.generate(random);
    Identity bob = Identity.generate(random);
    try (QuicTransport here = transport(alice);
        QuicTransport there = transport(bob);
        DatagramSocket noise = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      there.listen(connection -> {});
      for (int i = 0; i < 2000; i++) {
        byte[] bytes = new byte[random.nextInt(1400)];
        random.nextBytes(bytes);
        noise.send(new DatagramPacket(bytes, bytes.length, there.boundTo()));
      }
      Connection connection = here.dial(bob.id(), there.addresses(), Duration.ofSeconds(10));
      assertEquals(bob.id(), connection.peer());
    }
  }
}
