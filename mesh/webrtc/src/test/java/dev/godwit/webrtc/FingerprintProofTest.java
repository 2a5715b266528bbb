package dev.godwit.webrtc;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.identity.Identity;
import dev.godwit.identity.Octets;
import dev.godwit.webrtc.FingerprintProof.Role;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FingerprintProofTest {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Octets FINGERPRINT = Octets.random(32, RANDOM);
  private static final Octets ATTEMPT = Octets.random(16, RANDOM);
  private static final String NAMED =
      "a=fingerprint:sha-256 "
          + HexFormat.ofDelimiter(":").withUpperCase().formatHex(FINGERPRINT.toByteArray());

  private final Identity alice = Identity.generate(RANDOM);
  private final Identity bob = Identity.generate(RANDOM);
  private final FingerprintProof proof =
      new FingerprintProof(ATTEMPT, Role.OFFERER, alice.id(), bob.id());

  private Signal.Description signed(FingerprintProof by, String sdp) {
    return new Signal.Description(sdp, FINGERPRINT, by.sign(alice, FINGERPRINT));
  }

  private static String refusal(FingerprintProof wanted, Signal.Description shown) {
    return String.valueOf(
        assertThrows(SignalException.class, () -> wanted.check(shown)).getMessage());
  }

  @Test
  void theSignersOwnFingerprintIsAccepted() {
    assertDoesNotThrow(() -> proof.check(signed(proof, "v=0\r\n" + NAMED + "\r\n")));
  }

  @Test
  void everyPartIsSigned() {
    Octets other = Octets.random(16, RANDOM);
    for (FingerprintProof wrong :
        new FingerprintProof[] {
          new FingerprintProof(other, Role.OFFERER, alice.id(), bob.id()),
          new FingerprintProof(ATTEMPT, Role.ANSWERER, alice.id(), bob.id()),
          new FingerprintProof(ATTEMPT, Role.OFFERER, bob.id(), bob.id()),
          new FingerprintProof(ATTEMPT, Role.OFFERER, alice.id(), alice.id())
        }) {
      assertEquals(
          "the certificate's fingerprint is not signed by " + alice.id().shortForm(),
          refusal(proof, signed(wrong, NAMED)));
    }
  }

  @Test
  void anotherFingerprintIsNotSigned() {
    Signal.Description shown =
        new Signal.Description(NAMED, Octets.random(32, RANDOM), proof.sign(alice, FINGERPRINT));
    assertTrue(refusal(proof, shown).contains("not signed by"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "v=0\r\n",
        "a=fingerprint:sha-256 00:11\r\n",
        "a=fingerprint:sha-1 00:11\r\n@\r\n",
        "@\r\na=fingerprint:sha-256 00:11\r\n",
        "@\r\nA=FingerPrint: sha-256 00:11\r\n",
        "@:00\r\n"
      })
  void aDescriptionNamesThatFingerprintAndNoOther(String sdp) {
    assertTrue(
        refusal(proof, signed(proof, sdp.replace("@", NAMED)))
            .contains("does not name the fingerprint"));
  }

  @Test
  void aDtlsCertificateIsAGoodOne() throws Exception {
    DtlsCertificate made =
        DtlsCertificate.generate(InstantSource.system(), Duration.ofDays(1), RANDOM);
    X509Certificate read =
        (X509Certificate)
            CertificateFactory.getInstance("X.509")
                .generateCertificate(
                    new ByteArrayInputStream(
                        made.certificatePem().getBytes(StandardCharsets.US_ASCII)));
    read.verify(read.getPublicKey());
    read.checkValidity();
    assertEquals("SHA256withECDSA", read.getSigAlgName());
    assertEquals(3, read.getVersion());
    assertEquals(made.notAfter(), read.getNotAfter().toInstant());
  }
}
