package dev.godwit.identity;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.Test;

class LeafCertificateTest {

  private static final Instant NOW = Instant.parse("2026-03-01T12:00:00.987Z");

  private final SecureRandom random = new SecureRandom();
  private final Identity identity = Identity.generate(random);
  private final LeafCertificate leaf =
      LeafCertificate.issue(identity, InstantSource.fixed(NOW), Duration.ofHours(1), random);

  @Test
  void endsAfterItsLifetime() {
    assertEquals(Instant.parse("2026-03-01T13:00:00Z"), leaf.notAfter());
  }

  @Test
  void carriesTheNodeIdAsIssuerAndSubject() {
    String name = "CN=" + identity.id();
    assertEquals(name, leaf.certificate().getIssuerX500Principal().getName());
    assertEquals(name, leaf.certificate().getSubjectX500Principal().getName());
  }

  @Test
  void hasItsOwnKeyEveryTime() {
    LeafCertificate next =
        LeafCertificate.issue(identity, InstantSource.fixed(NOW), Duration.ofHours(1), random);
    assertNotEquals(leaf.certificate().getPublicKey(), next.certificate().getPublicKey());
    assertNotEquals(leaf.certificate().getSerialNumber(), next.certificate().getSerialNumber());
  }

  @Test
  void anUnreasonableLifetimeIsRefused() {
    for (Duration lifetime :
        List.of(
            Duration.ZERO, Duration.ofSeconds(-1), LeafCertificate.MAX_LIFETIME.plusSeconds(1))) {
      assertThrows(
          IllegalArgumentException.class,
          () -> LeafCertificate.issue(identity, InstantSource.fixed(NOW), lifetime, random));
    }
  }

  @Test
  void thePemFormsDecodeToTheSame() throws Exception {
    assertArrayEquals(
        leaf.certificate().getEncoded(), decode(Pem.CERTIFICATE, leaf.certificatePem()));
    assertArrayEquals(
        leaf.privateKey().getEncoded(), decode(Pem.PRIVATE_KEY, leaf.privateKeyPem()));
  }

  @Test
  void theKeyManagerAlwaysAnswersWithIt() {
    String alias = leaf.keyManager().chooseEngineServerAlias("anything", null, null);
    assertArrayEquals(
        new Object[] {leaf.certificate()}, leaf.keyManager().getCertificateChain(alias));
    assertEquals(leaf.privateKey(), leaf.keyManager().getPrivateKey(alias));
  }

  @Test
  void itsTextDoesNotShowThePrivateKey() {
    String secret = leaf.privateKeyPem().lines().toList().get(1);
    assertFalse(leaf.toString().contains(secret));
  }

  private static byte[] decode(String label, String pem) throws Exception {
    return Pem.decode(label, pem.getBytes(StandardCharsets.US_ASCII));
  }
}
