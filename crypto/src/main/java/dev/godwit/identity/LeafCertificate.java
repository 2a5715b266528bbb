package dev.godwit.identity;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import javax.net.ssl.X509ExtendedKeyManager;
import org.bouncycastle.asn1.x500.X500Name;

/**
 * A short-lived P-256 key and the certificate by which an identity vouches for it: what TLS, QUIC
 * and DTLS present, since not every stack of theirs can use Ed25519. Issuer and subject are the
 * node id, the signature is the identity's. It is sent alone; {@link LeafVerifier} takes the
 * issuer's key from the issuer's name. Immutable.
 */
public final class LeafCertificate {

  /** The longest lifetime that {@link LeafVerifier} accepts. */
  public static final Duration MAX_LIFETIME = Duration.ofDays(31);

  /** How far in the past the validity begins, for peers whose clocks are behind. */
  static final Duration CLOCK_SKEW = Duration.ofMinutes(5);

  private final X509Certificate certificate;
  private final PrivateKey privateKey;

  private LeafCertificate(X509Certificate certificate, PrivateKey privateKey) {
    this.certificate = certificate;
    this.privateKey = privateKey;
  }

  /**
   * Makes a new key and its certificate.
   *
   * @param lifetime from now; at least a second, at most {@link #MAX_LIFETIME}
   */
  public static LeafCertificate issue(
      Identity identity, InstantSource clock, Duration lifetime, SecureRandom random) {
    if (lifetime.compareTo(Duration.ofSeconds(1)) < 0 || lifetime.compareTo(MAX_LIFETIME) > 0) {
      throw new IllegalArgumentException(
          "A leaf certificate lives from one second to " + MAX_LIFETIME + ", not " + lifetime);
    }
    Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
    KeyPair keys = P256Certificates.generateKeyPair(random);
    X500Name name = P256Certificates.commonName(identity.id().toString());
    try {
      X509Certificate certificate =
          P256Certificates.sign(
              P256Certificates.builder(
                  name, now.minus(CLOCK_SKEW), now.plus(lifetime), keys.getPublic(), random),
              "Ed25519",
              identity.privateKey(),
              random);
      return new LeafCertificate(certificate, keys.getPrivate());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The certificate, signed by the identity. */
  public X509Certificate certificate() {
    return certificate;
  }

  /** The key that belongs to the certificate. */
  public PrivateKey privateKey() {
    return privateKey;
  }

  /** The last moment at which the certificate is valid. */
  public Instant notAfter() {
    return certificate.getNotAfter().toInstant();
  }

  /** Presents this certificate to every peer, as a client and as a server. */
  public X509ExtendedKeyManager keyManager() {
    return new SingleKeyManager(privateKey, certificate);
  }

  /** The certificate in PEM (RFC 7468). */
  public String certificatePem() {
    return Pem.encode(Pem.CERTIFICATE, P256Certificates.encoded(certificate));
  }

  /** The key in PKCS#8 PEM: a secret, though a short-lived one. */
  public String privateKeyPem() {
    return Pem.encode(Pem.PRIVATE_KEY, privateKey.getEncoded());
  }

  /** Tells whose certificate it is and how long it is valid. */
  @Override
  public String toString() {
    return "LeafCertificate["
        + certificate.getSubjectX500Principal().getName()
        + " until "
        + notAfter()
        + "]";
  }
}
