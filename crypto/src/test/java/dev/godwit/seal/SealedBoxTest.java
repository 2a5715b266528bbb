package dev.godwit.seal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.Mutations;
import dev.godwit.der.DerWriter;
import dev.godwit.identity.Identity;
import dev.godwit.identity.NodeId;
import dev.godwit.identity.Octets;
import dev.godwit.seal.SealException.Reason;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import org.bouncycastle.crypto.hpke.HPKE;
import org.bouncycastle.crypto.hpke.HPKEContextWithEncapsulation;
import org.bouncycastle.crypto.params.X25519PublicKeyParameters;
import org.junit.jupiter.api.Test;

class SealedBoxTest {

  private static final Instant NOW = Instant.parse("2026-03-01T12:00:00.123Z");
  private static final InstantSource CLOCK = InstantSource.fixed(NOW);

  private final SecureRandom random = new SecureRandom();
  private final Identity alice = Identity.generate(random);
  private final Receiver bob = new Receiver();
  private final Receiver carol = new Receiver();
  private final byte[] body = "an offer with candidates".getBytes(StandardCharsets.UTF_8);

  @Test
  void theReceiverReadsItAndKnowsTheSender() throws SealException {
    SealedBox.Opened opened = bob.open(seal(bob));
    assertEquals(alice.id(), opened.sender());
    assertEquals(NOW, opened.sentAt());
    assertArrayEquals(body, opened.body());
  }

  @Test
  void everyBoxHasItsOwnMessageIdAndLook() throws SealException {
    byte[] one = seal(bob);
    byte[] two = seal(bob);
    assertFalse(Arrays.equals(one, two));
    assertNotEquals(bob.open(one).messageId(), bob.open(two).messageId());
  }

  @Test
  void theBodyIsNotVisible() throws SealException {
    String box = new String(seal(bob), StandardCharsets.ISO_8859_1);
    assertFalse(box.contains("offer"));
    assertFalse(box.contains(new String(alice.id().bytes(), StandardCharsets.ISO_8859_1)));
  }

  @Test
  void theLargestBodyFits() throws SealException {
    for (int length : new int[] {0, 1, SealedBox.MAX_BODY_BYTES}) {
      byte[] box = SealedBox.seal(bob.certificate, alice, new byte[length], CLOCK, random);
      assertTrue(box.length <= SealedBox.MAX_BOX_BYTES);
      assertEquals(length, bob.open(box).body().length);
    }
  }

  @Test
  void aLargerBodyOrBoxIsRefused() {
    byte[] large = new byte[SealedBox.MAX_BODY_BYTES + 1];
    assertReason(
        Reason.TOO_LARGE,
        assertThrows(
            SealException.class,
            () -> SealedBox.seal(bob.certificate, alice, large, CLOCK, random)));
    assertRefused(Reason.TOO_LARGE, bob, new byte[SealedBox.MAX_BOX_BYTES + 1]);
  }

  @Test
  void nobodyElseOpensIt() throws SealException {
    byte[] box = seal(bob);
    assertRefused(Reason.CANNOT_OPEN, carol, box);
  }

  @Test
  void anotherProcessOfTheSameNodeDoesNotOpenIt() throws SealException {
    byte[] box = seal(bob);
    SealingKey next = SealingKey.generate(random);
    assertReason(
        Reason.CANNOT_OPEN,
        assertThrows(SealException.class, () -> SealedBox.open(next, bob.identity.id(), box)));
  }

  @Test
  void theKeyUnderAnotherNodesNameDoesNotOpenIt() throws SealException {
    byte[] box = seal(bob);
    assertReason(
        Reason.CANNOT_OPEN,
        assertThrows(SealException.class, () -> SealedBox.open(bob.key, carol.identity.id(), box)));
  }

  @Test
  void everyTamperedByteIsNoticed() throws SealException {
    byte[] box = seal(bob);
    for (int i = 0; i < box.length; i++) {
      byte[] tampered = box.clone();
      // The highest bit of an X25519 public key is ignored by RFC 7748, but not by HPKE.
      tampered[i] ^= (byte) 0x80;
      assertThrows(SealException.class, () -> bob.open(tampered), "byte " + i);
    }
  }

  @Test
  void aShortenedBoxIsRefused() throws SealException {
    byte[] box = seal(bob);
    for (int length = 0; length < box.length; length++) {
      byte[] part = Arrays.copyOf(box, length);
      assertThrows(SealException.class, () -> bob.open(part), "length " + length);
    }
  }

  @Test
  void theReceiverCanNotSealItAgainToAnother() throws Exception {
    byte[] resealed = seal(bob.plaintextOf(seal(bob)), carol);
    assertRefused(Reason.BAD_SIGNATURE, carol, resealed);
  }

  @Test
  void theReceiverCanNotSealItAgainToItself() throws Exception {
    byte[] resealed = seal(bob.plaintextOf(seal(bob)), bob);
    assertRefused(Reason.BAD_SIGNATURE, bob, resealed);
  }

  @Test
  void aSenderCanNotSignAsAnother() throws Exception {
    Identity mallory = Identity.generate(random);
    HPKEContextWithEncapsulation context = context(bob);
    byte[] box = box(context, plaintext(context, alice.id(), bob.identity.id(), bob, mallory));
    assertRefused(Reason.BAD_SIGNATURE, bob, box);
  }

  @Test
  void aMessageToAnotherNodeIsRefused() throws Exception {
    HPKEContextWithEncapsulation context = context(bob);
    byte[] box = box(context, plaintext(context, alice.id(), carol.identity.id(), bob, alice));
    assertRefused(Reason.OTHER_NODE, bob, box);
  }

  @Test
  void nonsenseInAnIntactBoxIsMalformed() throws Exception {
    assertRefused(Reason.MALFORMED, bob, seal(new byte[] {1, 2, 3}, bob));
  }

  @Test
  void nothingIsSealedToABadCertificate() throws SealException {
    InstantSource later = InstantSource.fixed(NOW.plus(Duration.ofDays(2)));
    assertReason(
        Reason.EXPIRED,
        assertThrows(
            SealException.class,
            () -> SealedBox.seal(bob.certificate, alice, body, later, random)));
    byte[] encoded = bob.certificate.encoded();
    encoded[encoded.length - 1] ^= 1;
    SealingCertificate forged = SealingCertificate.parse(encoded);
    assertReason(
        Reason.BAD_SIGNATURE,
        assertThrows(
            SealException.class, () -> SealedBox.seal(forged, alice, body, CLOCK, random)));
  }

  @Test
  void nothingIsSealedToAKeyOfSmallOrder() {
    SealingCertificate zero =
        SealingCertificate.issue(
            bob.identity, Octets.of(new byte[32]), InstanceId.random(random), NOW.plusSeconds(1));
    assertReason(
        Reason.MALFORMED,
        assertThrows(SealException.class, () -> SealedBox.seal(zero, alice, body, CLOCK, random)));
  }

  @Test
  void noDamageMakesItThrowAnythingElse() throws SealException {
    Mutations.check(seal(bob), SealException.class, bob::open);
  }

  @Test
  void noDamageOfTheContentMakesItThrowAnythingElse() throws Exception {
    Mutations.check(
        bob.plaintextOf(seal(bob)), SealException.class, plain -> bob.open(seal(plain, bob)));
  }

  private byte[] seal(Receiver receiver) throws SealException {
    return SealedBox.seal(receiver.certificate, alice, body, CLOCK, random);
  }

  private static void assertRefused(Reason reason, Receiver receiver, byte[] box) {
    assertReason(reason, assertThrows(SealException.class, () -> receiver.open(box)));
  }

  private static void assertReason(Reason reason, SealException e) {
    assertEquals(reason, e.reason());
  }

  // What follows says again, from the description, how a box is built.

  private static byte[] seal(byte[] plain, Receiver receiver) throws Exception {
    return box(context(receiver), plain);
  }

  private static HPKE hpke() {
    return new HPKE(
        HPKE.mode_base, HPKE.kem_X25519_SHA256, HPKE.kdf_HKDF_SHA256, HPKE.aead_CHACHA20_POLY1305);
  }

  private static byte[] info(NodeId receiver) {
    byte[] prefix = "Godwit sealed box 1\0".getBytes(StandardCharsets.US_ASCII);
    return ByteBuffer.allocate(prefix.length + 32).put(prefix).put(receiver.bytes()).array();
  }

  private static HPKEContextWithEncapsulation context(Receiver to) {
    return hpke()
        .setupBaseS(
            new X25519PublicKeyParameters(to.certificate.publicKey().toByteArray()),
            info(to.identity.id()));
  }

  private static byte[] box(HPKEContextWithEncapsulation context, byte[] plain) throws Exception {
    byte[] sealed = context.seal(new byte[] {1}, plain);
    return ByteBuffer.allocate(33 + sealed.length)
        .put((byte) 1)
        .put(context.getEncapsulation())
        .put(sealed)
        .array();
  }

  private byte[] plaintext(
      HPKEContextWithEncapsulation context,
      NodeId sender,
      NodeId receiver,
      Receiver to,
      Identity signer) {
    byte[] content =
        new DerWriter()
            .octets(sender.key())
            .octets(receiver.key())
            .octets(MessageId.random(random).value())
            .instant(NOW)
            .octets(body)
            .encoded();
    byte[] signed =
        ByteBuffer.allocate(64 + content.length)
            .put(context.getEncapsulation())
            .put(to.certificate.publicKey().toByteArray())
            .put(content)
            .array();
    return new DerWriter().octets(content).octets(signer.sign("sealed message", signed)).encoded();
  }

  private final class Receiver {
    private final Identity identity = Identity.generate(random);
    private final SealingKey key = SealingKey.generate(random);
    private final SealingCertificate certificate =
        key.certificate(identity, InstanceId.random(random), NOW.plus(Duration.ofDays(1)));

    SealedBox.Opened open(byte[] box) throws SealException {
      return SealedBox.open(key, identity.id(), box);
    }

    byte[] plaintextOf(byte[] box) throws Exception {
      return hpke()
          .setupBaseR(Arrays.copyOfRange(box, 1, 33), key.pair(), info(identity.id()))
          .open(new byte[] {1}, Arrays.copyOfRange(box, 33, box.length));
    }
  }
}
