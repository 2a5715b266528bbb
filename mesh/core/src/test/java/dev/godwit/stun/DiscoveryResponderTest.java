package dev.godwit.stun;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.identity.Octets;
import dev.godwit.stun.DiscoveryResponder.Answer;
import dev.godwit.stun.DiscoveryResponder.Ports;
import dev.godwit.stun.DiscoveryResponder.Source;
import dev.godwit.stun.StunAttribute.Change;
import dev.godwit.stun.StunAttribute.ChangeRequest;
import dev.godwit.stun.StunAttribute.Other;
import dev.godwit.stun.StunAttribute.ResponseOrigin;
import dev.godwit.stun.StunAttribute.XorMappedAddress;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DiscoveryResponderTest {
  private static final int ROUNDS = 20_000;

  private static final InetSocketAddress CLIENT = socket("198.51.100.7", 0x1234);
  private static final InetSocketAddress FIRST = socket("192.0.2.1", 3478);
  private static final InetSocketAddress SECOND = socket("192.0.2.1", 3479);
  private static final Ports BOTH = new Ports(FIRST, Optional.of(SECOND));
  private static final Ports ONE = new Ports(FIRST, Optional.empty());

  /** What the client of the first STUN, version 0.97, sends. */
  private static final String CLASSIC = "0001000801422a6ee8497002caf1b13ca1bbe61e0003000400000000";

  private final TransactionId id = TransactionId.random(new SecureRandom());

  private static InetSocketAddress socket(String address, int port) {
    return new InetSocketAddress(InetAddress.ofLiteral(address), port);
  }

  private static byte[] hex(String text) {
    return HexFormat.of().parseHex(text);
  }

  private static Optional<Answer> answer(byte[] request, Ports ports) {
    return DiscoveryResponder.answer(ByteBuffer.wrap(request), CLIENT, ports);
  }

  private byte[] request(Change address, Change port) {
    return StunMessage.bindingRequest(id, new ChangeRequest(address, port)).encode();
  }

  private static StunMessage decode(Answer answer) throws MalformedStunException {
    return StunMessage.decode(ByteBuffer.wrap(answer.datagram()));
  }

  @Test
  void aPlainRequestIsAnsweredAsByAnyServer() throws Exception {
    for (byte[] request :
        List.of(StunMessage.bindingRequest(id).encode(), request(Change.KEEP, Change.KEEP))) {
      Answer answer = answer(request, BOTH).orElseThrow();
      assertEquals(Source.ASKED_PORT, answer.source());
      assertEquals(List.of(new XorMappedAddress(CLIENT)), decode(answer).attributes());
    }
  }

  @Test
  void aChangeOfThePortIsAnsweredFromTheOtherOne() throws Exception {
    Answer answer = answer(request(Change.KEEP, Change.OTHER), BOTH).orElseThrow();
    assertEquals(Source.OTHER_PORT, answer.source());
    assertEquals(
        List.of(new XorMappedAddress(CLIENT), new ResponseOrigin(SECOND)),
        decode(answer).attributes());
  }

  @Test
  void anOriginThatIsNotKnownIsNotTold() throws Exception {
    Ports anywhere = new Ports(socket("0.0.0.0", 3478), Optional.of(socket("0.0.0.0", 3479)));
    Answer answer = answer(request(Change.KEEP, Change.OTHER), anywhere).orElseThrow();
    assertEquals(List.of(new XorMappedAddress(CLIENT)), decode(answer).attributes());
  }

  @Test
  void aChangeThatIsNotPossibleIsRefused() throws Exception {
    for (byte[] request :
        List.of(request(Change.OTHER, Change.KEEP), request(Change.OTHER, Change.OTHER))) {
      Answer answer = answer(request, BOTH).orElseThrow();
      assertEquals(Source.ASKED_PORT, answer.source());
      assertEquals(420, decode(answer).errorCode().orElseThrow().code());
    }
    Answer answer = answer(request(Change.KEEP, Change.OTHER), ONE).orElseThrow();
    assertEquals(420, decode(answer).errorCode().orElseThrow().code());
  }

  @Test
  void whoDoesNotKnowOfChangesRefusesThem() throws Exception {
    StunMessage request = StunMessage.decode(ByteBuffer.wrap(request(Change.KEEP, Change.OTHER)));
    StunMessage answer = BindingResponder.answer(request, CLIENT).orElseThrow();
    assertEquals(420, answer.errorCode().orElseThrow().code());
  }

  @Test
  void otherRequirementsAreRefusedBeforeAnyChange() throws Exception {
    StunMessage request =
        new StunMessage(
            StunClass.REQUEST,
            StunMessage.BINDING,
            id,
            List.of(
                new ChangeRequest(Change.KEEP, Change.OTHER),
                new Other(0x0026, Octets.of(new byte[64]))),
            StunMessage.Fingerprint.ABSENT);
    Answer answer = answer(request.encode(), BOTH).orElseThrow();
    assertEquals(Source.ASKED_PORT, answer.source());
    assertEquals(StunClass.ERROR, decode(answer).kind());
  }

  @Test
  void theFirstStunIsAnsweredInItsOwnWords() {
    Answer answer = answer(hex(CLASSIC), BOTH).orElseThrow();
    assertEquals(Source.ASKED_PORT, answer.source());
    assertArrayEquals(
        hex("0101000c01422a6ee8497002caf1b13ca1bbe61e" + "00010008" + "00011234" + "c6336407"),
        answer.datagram());
  }

  @Test
  void theFirstStunMayAskForTheOtherPortToo() {
    byte[] request = hex(CLASSIC);
    request[request.length - 1] = 2;
    assertEquals(Source.OTHER_PORT, answer(request, BOTH).orElseThrow().source());
    assertEquals(Optional.empty(), answer(request, ONE));
    request[request.length - 1] = 6;
    assertEquals(Optional.empty(), answer(request, BOTH));
  }

  @Test
  void theFirstStunCannotSendAnswersToSomebodyElse() {
    String responseAddress = "0002" + "0008" + "00011234" + "c0000209";
    byte[] request = hex("0001000c01422a6ee8497002caf1b13ca1bbe61e" + responseAddress);
    assertEquals(Optional.empty(), answer(request, BOTH));
  }

  @Test
  void theFirstStunHasNoIpv6() {
    assertEquals(
        Optional.empty(),
        DiscoveryResponder.answer(ByteBuffer.wrap(hex(CLASSIC)), socket("2001:db8::1", 1), BOTH));
  }

  /** A forged source address gains little: neither noise nor damage is answered at length. */
  @Test
  void noAnswerIsMuchLargerThanItsRequest() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    List<byte[]> samples =
        List.of(
            hex(CLASSIC),
            StunMessage.bindingRequest(id).encode(),
            request(Change.KEEP, Change.OTHER),
            request(Change.OTHER, Change.OTHER));
    for (int i = 0; i < ROUNDS; i++) {
      byte[] request = samples.get(random.nextInt(samples.size())).clone();
      for (int damage = random.nextInt(4); damage > 0; damage--) {
        request[random.nextInt(request.length)] = (byte) random.nextInt();
      }
      int length = request.length;
      Optional<Answer> answer = answer(request, BOTH);
      assertTrue(
          answer.isEmpty() || answer.get().datagram().length <= length + 40, () -> "seed " + seed);
    }
  }
}
