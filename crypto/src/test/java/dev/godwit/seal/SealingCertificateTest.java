package dev.godwit.seal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.godwit.Mutations;
import dev.godwit.identity.Identity;
import dev.godwit.identity.NodeId;
import dev.godwit.seal.SealException.Reason;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class SealingCertificateTest {

  private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
  private static final InstantSource CLOCK = InstantSource.fixed(NOW);

  private final SecureRandom random = new SecureRandom();
  private final Identity identity = Identity.generate(random);
  private final SealingKey key = SealingKey.generate(random);
  private final InstanceId instance = InstanceId.random(random);
  private final SealingCertificate certificate =
      key.certificate(identity, instance, NOW.plusSeconds(60));

  @Test
  void isReadBackAsIssued() throws SealException {
    SealingCertificate read = SealingCertificate.parse(certificate.encoded());
    assertEquals(certificate, read);
    assertEquals(key.publicKey(), read.publicKey());
    assertEquals(identity.id(), read.node());
    assertEquals(instance, read.instance());
    assertEquals(NOW.plusSeconds(60), read.notAfter());
    read.verify(identity.id(), CLOCK);
  }

  @Test
  void isRefusedAfterItsTime() throws SealException {
    certificate.verify(identity.id(), InstantSource.fixed(NOW.plusSeconds(60)));
    assertRefused(
        Reason.EXPIRED, certificate, identity.id(), InstantSource.fixed(NOW.plusSeconds(61)));
  }

  @Test
  void anotherNodesIsRefused() {
    assertRefused(Reason.OTHER_NODE, certificate, Identity.generate(random).id(), CLOCK);
  }

  @Test
  void aTamperedOneIsRefused() throws SealException {
    byte[] signature = certificate.encoded();
    signature[signature.length - 1] ^= 1;
    byte[] publicKey = certificate.encoded();
    publicKey[16] ^= 1;
    for (byte[] tampered : List.of(signature, publicKey)) {
      assertRefused(Reason.BAD_SIGNATURE, SealingCertificate.parse(tampered), identity.id(), CLOCK);
    }
  }

  @Test
  void somethingElseIsMalformed() {
    byte[] encoded = certificate.encoded();
    for (byte[] wrong :
        List.of(
            new byte[0],
            Arrays.copyOf(encoded, encoded.length + 1),
            Arrays.copyOf(encoded, encoded.length - 1),
            new byte[SealingCertificate.MAX_BYTES + 1])) {
      SealException e = assertThrows(SealException.class, () -> SealingCertificate.parse(wrong));
      assertEquals(Reason.MALFORMED, e.reason());
    }
  }

  @Test
  void theKeysTextNamesThePublicKeyOnly() {
    assertEquals("SealingKey[" + key.publicKey().toHex() + "]", key.toString());
    assertFalse(key.publicKey().equals(SealingKey.generate(random).publicKey()));
  }

  @Test
  void noDamageMakesTheParserThrowAnythingElse() {
    Mutations.check(certificate.encoded(), SealException.class, SealingCertificate::parse);
  }

  private static void assertRefused(
      Reason reason, SealingCertificate certificate, NodeId expected, InstantSource clock) {
    SealException e = assertThrows(SealException.class, () -> certificate.verify(expected, clock));
    assertEquals(reason, e.reason());
  }
}
