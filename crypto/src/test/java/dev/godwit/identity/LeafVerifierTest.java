package dev.godwit.identity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.Mutations;
import java.math.BigInteger;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Date;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.junit.jupiter.api.Test;

class LeafVerifierTest {

  private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
  private static final Duration HOUR = Duration.ofHours(1);

  private final SecureRandom random = new SecureRandom();
  private final Identity identity = Identity.generate(random);
  private final Identity stranger = Identity.generate(random);
  private final LeafVerifier verifier = new LeafVerifier(InstantSource.system());
  private final LeafVerifier verifierNow = at(NOW);
  private final LeafCertificate leaf = issue(identity);

  @Test
  void provesTheIssuer() throws CertificateException {
    assertEquals(identity.id(), verifierNow.verify(chain(leaf.certificate())));
    verifierNow.verify(chain(leaf.certificate()), identity.id());
  }

  @Test
  void theSystemClockServesAsWell() throws CertificateException {
    LeafCertificate now = LeafCertificate.issue(identity, InstantSource.system(), HOUR, random);
    assertEquals(identity.id(), verifier.verify(chain(now.certificate())));
  }

  @Test
  void refusesAnotherNodesCertificate() {
    X509Certificate other = issue(stranger).certificate();
    CertificateException e =
        assertThrows(
            CertificateException.class, () -> verifierNow.verify(chain(other), identity.id()));
    assertMentions(e, stranger.id().toString());
    assertMentions(e, identity.id().toString());
  }

  @Test
  void refusesItBeforeAndAfterItsTime() throws CertificateException {
    X509Certificate certificate = leaf.certificate();
    at(NOW.minus(Duration.ofMinutes(5))).verify(chain(certificate));
    at(leaf.notAfter()).verify(chain(certificate));
    assertRefused("expired", at(leaf.notAfter().plusSeconds(1)), certificate);
    assertRefused("valid from", at(NOW.minus(Duration.ofMinutes(6))), certificate);
  }

  @Test
  void refusesMoreOrFewerThanOneCertificate() {
    X509Certificate certificate = leaf.certificate();
    assertThrows(CertificateException.class, () -> verifierNow.verify(new X509Certificate[0]));
    assertThrows(
        CertificateException.class,
        () -> verifierNow.verify(new X509Certificate[] {certificate, certificate}));
  }

  @Test
  void refusesASignatureByAnyoneElse() throws Exception {
    X509Certificate forged = new Forgery().signedBy(stranger.privateKey(), "Ed25519");
    assertRefused("not signed by", verifierNow, forged);
  }

  @Test
  void refusesEveryTamperedByteOfTheSignature() throws Exception {
    byte[] der = leaf.certificate().getEncoded();
    for (int i = der.length - 64; i < der.length; i++) {
      byte[] tampered = der.clone();
      tampered[i] ^= 4;
      assertRefused("not signed by", verifierNow, P256Certificates.decode(tampered));
    }
  }

  @Test
  void refusesACertificateThatItsOwnKeySigned() throws Exception {
    KeyPair keys = P256Certificates.generateKeyPair(random);
    Forgery forgery = new Forgery();
    forgery.key = keys.getPublic();
    assertRefused(
        "not signed with Ed25519",
        verifierNow,
        forgery.signedBy(keys.getPrivate(), "SHA256withECDSA"));
  }

  @Test
  void refusesASubjectThatIsNotTheIssuer() throws Exception {
    Forgery forgery = new Forgery();
    forgery.subject = P256Certificates.commonName(stranger.id().toString());
    assertRefused("subject is not its issuer", verifierNow, forgery.signed());
  }

  @Test
  void refusesAnIssuerThatIsNotExactlyANodeId() throws Exception {
    assertNameRefused("CN=godwit", "not a node id");
    assertNameRefused("CN=" + identity.id() + ",O=Godwit", "common name alone");
    assertNameRefused("O=" + identity.id(), "common name alone");
    assertNameRefused(
        "CN=" + identity.id().toString().replace("-", ""), "not written as a node id");
  }

  @Test
  void refusesKeysThatAreNotP256() throws Exception {
    KeyPairGenerator p384 = KeyPairGenerator.getInstance("EC");
    p384.initialize(new ECGenParameterSpec("secp384r1"), random);
    KeyPairGenerator rsa = KeyPairGenerator.getInstance("RSA");
    rsa.initialize(2048, random);
    for (KeyPairGenerator generator : new KeyPairGenerator[] {p384, rsa}) {
      Forgery forgery = new Forgery();
      forgery.key = generator.generateKeyPair().getPublic();
      assertRefused("not a P-256 key", verifierNow, forgery.signed());
    }
  }

  @Test
  void refusesACertificateAuthority() throws Exception {
    Forgery forgery = new Forgery();
    forgery.constraints = new BasicConstraints(true);
    assertRefused("certificate authority", verifierNow, forgery.signed());
  }

  @Test
  void refusesOtherUses() throws Exception {
    Forgery encipherment = new Forgery();
    encipherment.usage = new KeyUsage(KeyUsage.keyAgreement);
    assertRefused("may not be used for signatures", verifierNow, encipherment.signed());
    Forgery mail = new Forgery();
    mail.purposes = new ExtendedKeyUsage(KeyPurposeId.id_kp_emailProtection);
    assertRefused("TLS servers and clients", verifierNow, mail.signed());
  }

  @Test
  void refusesCriticalExtensionsThatItDoesNotKnow() throws Exception {
    Forgery forgery = new Forgery();
    forgery.extensions.addExtension(
        new ASN1ObjectIdentifier("1.3.6.1.4.1.99999.1"), true, DERNull.INSTANCE);
    assertRefused("unknown", verifierNow, forgery.signed());
  }

  @Test
  void refusesALongLife() throws Exception {
    Forgery forgery = new Forgery();
    forgery.notAfter = NOW.plus(Duration.ofDays(400));
    assertRefused("longer than", verifierNow, forgery.signed());
  }

  @Test
  void noDamageMakesItThrowAnythingElse() throws Exception {
    Mutations.check(
        leaf.certificate().getEncoded(),
        CertificateException.class,
        input -> verifierNow.verify(chain(P256Certificates.decode(input))));
  }

  private void assertNameRefused(String name, String reason) throws Exception {
    Forgery forgery = new Forgery();
    forgery.issuer = new X500Name(name);
    forgery.subject = forgery.issuer;
    assertRefused(reason, verifierNow, forgery.signed());
  }

  private static void assertRefused(
      String reason, LeafVerifier verifier, X509Certificate certificate) {
    assertMentions(
        assertThrows(CertificateException.class, () -> verifier.verify(chain(certificate))),
        reason);
  }

  private static void assertMentions(Exception e, String part) {
    assertTrue(String.valueOf(e.getMessage()).contains(part), e.getMessage());
  }

  private LeafCertificate issue(Identity issuer) {
    return LeafCertificate.issue(issuer, InstantSource.fixed(NOW), HOUR, random);
  }

  private static LeafVerifier at(Instant when) {
    return new LeafVerifier(InstantSource.fixed(when));
  }

  private static X509Certificate[] chain(X509Certificate certificate) {
    return new X509Certificate[] {certificate};
  }

  /** A certificate as {@link LeafCertificate} makes it, but for what a test changes. */
  private final class Forgery {
    private X500Name issuer = P256Certificates.commonName(identity.id().toString());
    private X500Name subject = issuer;
    private Instant notAfter = NOW.plus(HOUR);
    private PublicKey key = P256Certificates.generateKeyPair(random).getPublic();
    private BasicConstraints constraints = new BasicConstraints(false);
    private KeyUsage usage = new KeyUsage(KeyUsage.digitalSignature);
    private ExtendedKeyUsage purposes =
        new ExtendedKeyUsage(
            new KeyPurposeId[] {KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth});
    private final ExtensionsGenerator extensions = new ExtensionsGenerator();

    X509Certificate signed() throws Exception {
      return signedBy(identity.privateKey(), "Ed25519");
    }

    X509Certificate signedBy(PrivateKey signer, String algorithm) throws Exception {
      X509v3CertificateBuilder builder =
          new X509v3CertificateBuilder(
              issuer,
              BigInteger.TEN,
              Date.from(NOW.minusSeconds(1)),
              Date.from(notAfter),
              subject,
              SubjectPublicKeyInfo.getInstance(key.getEncoded()));
      builder.addExtension(Extension.basicConstraints, true, constraints);
      builder.addExtension(Extension.keyUsage, true, usage);
      builder.addExtension(Extension.extendedKeyUsage, false, purposes);
      if (!extensions.isEmpty()) {
        for (ASN1ObjectIdentifier oid : extensions.generate().getExtensionOIDs()) {
          builder.addExtension(extensions.generate().getExtension(oid));
        }
      }
      return P256Certificates.sign(builder, algorithm, signer, random);
    }
  }
}
