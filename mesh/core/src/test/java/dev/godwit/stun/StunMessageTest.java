package dev.godwit.stun;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.godwit.identity.Octets;
import dev.godwit.stun.StunAttribute.Change;
import dev.godwit.stun.StunAttribute.ChangeRequest;
import dev.godwit.stun.StunAttribute.ErrorCode;
import dev.godwit.stun.StunAttribute.MappedAddress;
import dev.godwit.stun.StunAttribute.Other;
import dev.godwit.stun.StunAttribute.OtherAddress;
import dev.godwit.stun.StunAttribute.ResponseOrigin;
import dev.godwit.stun.StunAttribute.Software;
import dev.godwit.stun.StunAttribute.UnknownAttributes;
import dev.godwit.stun.StunAttribute.XorMappedAddress;
import dev.godwit.stun.StunMessage.Fingerprint;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class StunMessageTest {

  private static final int ROUNDS = 10_000;
  private static final int PRIORITY = 0x0024;

  /** RFC 5769, section 2.1. */
  private static final byte[] SAMPLE_REQUEST =
      hex(
          """
          00010058 2112a442 b7e7a701bc34d686fa87dfae
          80220010 5354554e207465737420636c69656e74
          00240004 6e0001ff
          80290008 932ff9b151263b36
          00060009 6576746a3a68367659202020
          00080014 9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2
          80280004 e57a3bcf
          """);

  /** RFC 5769, section 2.2. */
  private static final byte[] SAMPLE_IPV4_RESPONSE =
      hex(
          """
          0101003c 2112a442 b7e7a701bc34d686fa87dfae
          8022000b 7465737420766563746f7220
          00200008 0001a147e112a643
          00080014 2b91f599fd9e90c38c7489f92af9ba53f06be7d7
          80280004 c07d4c96
          """);

  /** RFC 5769, section 2.3. */
  private static final byte[] SAMPLE_IPV6_RESPONSE =
      hex(
          """
          01010048 2112a442 b7e7a701bc34d686fa87dfae
          8022000b 7465737420766563746f7220
          00200014 0002a1470113a9faa5d3f179bc25f4b5bed2b9d9
          00080014 a382954e4be67bf11784c97c8292c275bfe3ed41
          80280004 c8fb0b4c
          """);

  private final TransactionId id = TransactionId.random(new SecureRandom());

  private static byte[] hex(String text) {
    return HexFormat.of().parseHex(text.replaceAll("\\s", ""));
  }

  private static StunMessage decode(byte[] bytes) throws MalformedStunException {
    return StunMessage.decode(ByteBuffer.wrap(bytes));
  }

  private static InetSocketAddress socket(String address, int port) throws Exception {
    return new InetSocketAddress(InetAddress.getByName(address), port);
  }

  private static StunMessage message(
      StunClass kind, TransactionId id, Fingerprint fingerprint, StunAttribute... attributes) {
    return new StunMessage(kind, StunMessage.BINDING, id, List.of(attributes), fingerprint);
  }

  @Test
  void readsTheSampleIpv4Response() throws Exception {
    StunMessage response = decode(SAMPLE_IPV4_RESPONSE);
    assertEquals(StunClass.SUCCESS, response.kind());
    assertEquals(StunMessage.BINDING, response.method());
    assertEquals("b7e7a701bc34d686fa87dfae", response.transaction().toString());
    assertEquals(Optional.of(socket("192.0.2.1", 32853)), response.mappedAddress());
    assertEquals(new Software("test vector"), response.attributes().getFirst());
    assertEquals(Fingerprint.PRESENT, response.fingerprint());
  }

  @Test
  void readsTheSampleIpv6Response() throws Exception {
    assertEquals(
        Optional.of(socket("2001:db8:1234:5678:11:2233:4455:6677", 32853)),
        decode(SAMPLE_IPV6_RESPONSE).mappedAddress());
  }

  @Test
  void readsTheSampleRequestAndNamesWhatItDoesNotUnderstand() throws Exception {
    StunMessage request = decode(SAMPLE_REQUEST);
    assertEquals(StunClass.REQUEST, request.kind());
    assertEquals(List.of(PRIORITY), request.unknownRequired(Set.of()));
    assertEquals(List.of(), request.unknownRequired(Set.of(PRIORITY)));
  }

  @Test
  void writesWhatTheSamplesContain() throws Exception {
    // The samples pad with spaces, which only matters to the two sums: compare the attributes.
    for (byte[] sample : List.of(SAMPLE_REQUEST, SAMPLE_IPV4_RESPONSE, SAMPLE_IPV6_RESPONSE)) {
      StunMessage read = decode(sample);
      byte[] written = read.encode();
      assertEquals(sample.length, written.length);
      assertEquals(read, decode(written));
    }
  }

  @Test
  void everyAttributeSurvivesBothWays() throws Exception {
    StunMessage all =
        message(
            StunClass.ERROR,
            id,
            Fingerprint.PRESENT,
            new MappedAddress(socket("198.51.100.7", 1)),
            new XorMappedAddress(socket("2001:db8::1", 65535)),
            new ErrorCode(StunMessage.UNKNOWN_ATTRIBUTE, "Unknown"),
            new UnknownAttributes(List.of(1, 0xFFFF, 7)),
            new Software("x"),
            new ChangeRequest(Change.OTHER, Change.KEEP),
            new ChangeRequest(Change.KEEP, Change.OTHER),
            new ResponseOrigin(socket("192.0.2.1", 3478)),
            new OtherAddress(socket("2001:db8::2", 3479)),
            new Other(0x7777, Octets.of(new byte[] {1, 2, 3, 4, 5})));
    assertEquals(all, decode(all.encode()));
  }

  @Test
  void everyMethodAndClassSurvivesBothWays() throws Exception {
    for (StunClass kind : StunClass.values()) {
      for (int method : new int[] {0, 1, 0x00F, 0x070, 0xF80, 0xFFF}) {
        StunMessage sent = new StunMessage(kind, method, id, List.of(), Fingerprint.ABSENT);
        assertEquals(sent, decode(sent.encode()));
      }
    }
  }

  @Test
  void takesThePlainAddressWhenThereIsNoOther() throws Exception {
    StunMessage old =
        message(
            StunClass.SUCCESS,
            id,
            Fingerprint.ABSENT,
            new MappedAddress(socket("198.51.100.7", 4000)));
    assertEquals(Optional.of(socket("198.51.100.7", 4000)), decode(old.encode()).mappedAddress());
  }

  @Test
  void prefersTheDisguisedAddress() throws Exception {
    StunMessage both =
        message(
            StunClass.SUCCESS,
            id,
            Fingerprint.ABSENT,
            new MappedAddress(socket("198.51.100.7", 4000)),
            new XorMappedAddress(socket("198.51.100.8", 4001)));
    assertEquals(Optional.of(socket("198.51.100.8", 4001)), both.mappedAddress());
  }

  @Test
  void refusesAWrongFingerprint() {
    byte[] damaged = SAMPLE_IPV4_RESPONSE.clone();
    damaged[damaged.length - 1] ^= 1;
    assertThrows(MalformedStunException.class, () -> decode(damaged));
  }

  @Test
  void refusesAttributesBehindTheFingerprint() {
    byte[] first = StunMessage.bindingRequest(id).encode();
    byte[] longer = Arrays.copyOf(first, first.length + 4);
    ByteBuffer.wrap(longer).putShort(2, (short) (longer.length - StunMessage.HEADER_BYTES));
    assertThrows(MalformedStunException.class, () -> decode(longer));
  }

  @Test
  void refusesAnAttributeThatIsLongerThanTheMessage() {
    byte[] bytes =
        message(StunClass.REQUEST, id, Fingerprint.ABSENT, new Software("four")).encode();
    ByteBuffer.wrap(bytes).putShort(StunMessage.HEADER_BYTES + 2, (short) 5);
    assertThrows(MalformedStunException.class, () -> decode(bytes));
  }

  @Test
  void ignoresWhatFollowsTheIntegrity() throws Exception {
    StunMessage request =
        message(
            StunClass.REQUEST,
            id,
            Fingerprint.PRESENT,
            new Other(0x0008, Octets.of(new byte[20])),
            new Other(PRIORITY, Octets.of(new byte[4])));
    assertEquals(List.of(), decode(request.encode()).unknownRequired(Set.of()));
  }

  @Test
  void tellsStunFromEverythingElse() {
    assertTrue(StunMessage.isStun(ByteBuffer.wrap(SAMPLE_REQUEST)));
    byte[] quic = SAMPLE_REQUEST.clone();
    quic[0] |= (byte) 0xC0;
    assertFalse(StunMessage.isStun(ByteBuffer.wrap(quic)));
    byte[] otherCookie = SAMPLE_REQUEST.clone();
    otherCookie[4] ^= 1;
    assertFalse(StunMessage.isStun(ByteBuffer.wrap(otherCookie)));
    assertFalse(StunMessage.isStun(ByteBuffer.wrap(SAMPLE_REQUEST, 0, 16)));
    assertFalse(StunMessage.isStun(ByteBuffer.wrap(SAMPLE_REQUEST, 0, SAMPLE_REQUEST.length - 4)));
  }

  @Test
  void readsFromTheMiddleOfABuffer() throws Exception {
    ByteBuffer buffer = ByteBuffer.allocateDirect(SAMPLE_IPV4_RESPONSE.length + 20);
    buffer.position(7).put(SAMPLE_IPV4_RESPONSE).flip().position(7);
    assertEquals(decode(SAMPLE_IPV4_RESPONSE), StunMessage.decode(buffer));
    assertEquals(7, buffer.position());
  }

  @Test
  void anythingElseThanAMessageIsRefusedAndNothingWorse() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    List<byte[]> samples = List.of(SAMPLE_REQUEST, SAMPLE_IPV4_RESPONSE, SAMPLE_IPV6_RESPONSE);
    for (int round = 0; round < ROUNDS; round++) {
      byte[] input = mutated(samples.get(random.nextInt(samples.size())), random);
      try {
        StunMessage read = decode(input);
        assertEquals(read, decode(read.encode()), () -> "seed " + seed);
      } catch (MalformedStunException e) {
        assertTrue(String.valueOf(e.getMessage()).endsWith("."), () -> "seed " + seed);
      } catch (RuntimeException e) {
        fail("seed " + seed + ", round " + round + ": " + Arrays.toString(input), e);
      }
    }
  }

  /** Damages a message but lets cookie and length fit, so that the attributes are reached. */
  private static byte[] mutated(byte[] sample, Random random) {
    byte[] input = Arrays.copyOf(sample, Math.max(20, sample.length - 4 * random.nextInt(12)));
    if (random.nextBoolean()) {
      // Without the fingerprint, damage is not found out at once.
      input = Arrays.copyOf(input, Math.max(20, Math.min(input.length, sample.length - 8)));
    }
    for (int i = random.nextInt(4); i >= 0; i--) {
      int at = random.nextInt(input.length);
      input[at] = (byte) (random.nextBoolean() ? random.nextInt() : random.nextInt(24));
    }
    input[0] &= 0x3F;
    return ByteBuffer.wrap(input)
        .putShort(2, (short) (input.length - StunMessage.HEADER_BYTES))
        .putInt(4, 0x2112A442)
        .array();
  }

  @Test
  void answersABindingRequest() throws Exception {
    InetSocketAddress from = socket("203.0.113.9", 5000);
    StunMessage answer =
        BindingResponder.answer(ByteBuffer.wrap(StunMessage.bindingRequest(id).encode()), from)
            .orElseThrow();
    assertEquals(StunClass.SUCCESS, answer.kind());
    assertEquals(id, answer.transaction());
    assertEquals(Optional.of(from), decode(answer.encode()).mappedAddress());
  }

  @Test
  void answersUnknownRequiredAttributesWith420() throws Exception {
    StunMessage answer =
        BindingResponder.answer(ByteBuffer.wrap(SAMPLE_REQUEST), socket("203.0.113.9", 5000))
            .orElseThrow();
    StunMessage read = decode(answer.encode());
    assertEquals(StunClass.ERROR, read.kind());
    assertEquals(StunMessage.UNKNOWN_ATTRIBUTE, read.errorCode().orElseThrow().code());
    assertTrue(read.attributes().contains(new UnknownAttributes(List.of(PRIORITY))));
  }

  @Test
  void answersNothingElse() throws Exception {
    InetSocketAddress from = socket("203.0.113.9", 5000);
    for (StunClass kind : List.of(StunClass.INDICATION, StunClass.SUCCESS, StunClass.ERROR)) {
      byte[] message = message(kind, id, Fingerprint.ABSENT).encode();
      assertEquals(Optional.empty(), BindingResponder.answer(ByteBuffer.wrap(message), from));
    }
    byte[] otherMethod =
        new StunMessage(StunClass.REQUEST, 3, id, List.of(), Fingerprint.ABSENT).encode();
    assertEquals(Optional.empty(), BindingResponder.answer(ByteBuffer.wrap(otherMethod), from));
    assertEquals(
        Optional.empty(), BindingResponder.answer(ByteBuffer.wrap(new byte[] {1, 2}), from));
  }

  @Test
  void refusesToWriteAMessageWithoutEnd() {
    StunMessage endless =
        message(
            StunClass.REQUEST,
            id,
            Fingerprint.PRESENT,
            new Other(0x9000, Octets.of(new byte[2000])),
            new Other(0x9001, Octets.of(new byte[2000])));
    assertThrows(IllegalArgumentException.class, endless::encode);
  }
}
