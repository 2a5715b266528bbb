package dev.godwit.identity;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import javax.net.ssl.X509ExtendedKeyManager;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.X509v3CertificateBuilder;

/**
 * The self-signed P-256 certificate of a hub's TLS server and its key. Nodes know it by its {@link
 * HubFingerprint}, which is part of every ticket. Immutable.
 */
public final class HubCertificate {

  /** The file in the hub's directory that holds key and certificate. */
  public static final String FILE_NAME = "hub.pem";

  private static final Duration LIFETIME = Duration.ofDays(3652);
  private static final String HOST_NAME = "godwit-hub";
  private static final String ALGORITHM = "SHA256withECDSA";
  private static final int MAX_FILE_BYTES = 64 * 1024;

  private final X509Certificate certificate;
  private final PrivateKey privateKey;

  private HubCertificate(X509Certificate certificate, PrivateKey privateKey) {
    this.certificate = certificate;
    this.privateKey = privateKey;
  }

  /** Makes a certificate that is in no file. It is valid for ten years. */
  public static HubCertificate generate(InstantSource clock, SecureRandom random) {
    Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
    KeyPair keys = P256Certificates.generateKeyPair(random);
    try {
      X509v3CertificateBuilder builder =
          P256Certificates.builder(
                  P256Certificates.commonName(HOST_NAME),
                  now.minus(LeafCertificate.CLOCK_SKEW),
                  now.plus(LIFETIME),
                  keys.getPublic(),
                  random)
              .addExtension(
                  Extension.subjectAlternativeName,
                  false,
                  new GeneralNames(new GeneralName(GeneralName.dNSName, HOST_NAME)));
      return new HubCertificate(
          P256Certificates.sign(builder, ALGORITHM, keys.getPrivate(), random), keys.getPrivate());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Reads {@value #FILE_NAME} in this directory, or creates it as {@link #keep} does when there is
   * none.
   *
   * @throws IOException as {@link #loadOrGenerate} and {@link #keep}
   */
  public static HubCertificate loadOrCreate(Path dir, InstantSource clock, SecureRandom random)
      throws IOException {
    HubCertificate certificate = loadOrGenerate(dir, clock, random);
    certificate.keep(dir);
    return certificate;
  }

  /**
   * Reads {@value #FILE_NAME} in this directory, or makes a certificate that is in no file yet when
   * there is none.
   *
   * @throws IOException when others than the owner have access to the file, when it is malformed,
   *     or when its certificate expired
   */
  public static HubCertificate loadOrGenerate(Path dir, InstantSource clock, SecureRandom random)
      throws IOException {
    Path file = dir.resolve(FILE_NAME);
    return Files.exists(file) ? load(file, clock) : generate(clock, random);
  }

  /**
   * Writes it to {@value #FILE_NAME} in this directory, atomically and with mode 0600, unless it is
   * there already. Key and certificate are in one file so that there is never one without the
   * other.
   *
   * @throws IOException also when another one is there
   */
  public void keep(Path dir) throws IOException {
    Path file = dir.resolve(FILE_NAME);
    byte[] content = (privateKeyPem() + certificatePem()).getBytes(StandardCharsets.US_ASCII);
    if (PrivateFile.create(file, content) == PrivateFile.Creation.CREATED) {
      return;
    }
    if (!Arrays.equals(PrivateFile.read(file, MAX_FILE_BYTES), content)) {
      throw new IOException(
          file
              + " was written by another hub meanwhile. Start this one again, or give it another"
              + " folder with --data.");
    }
  }

  private static HubCertificate load(Path file, InstantSource clock) throws IOException {
    byte[] content = PrivateFile.read(file, MAX_FILE_BYTES);
    HubCertificate loaded;
    try {
      loaded =
          new HubCertificate(
              P256Certificates.decode(Pem.decode(Pem.CERTIFICATE, content)),
              KeyFactory.getInstance("EC")
                  .generatePrivate(new PKCS8EncodedKeySpec(Pem.decode(Pem.PRIVATE_KEY, content))));
      loaded.checkKeyFits();
    } catch (IOException | GeneralSecurityException e) {
      throw new IOException(
          file + " does not hold a hub's key and certificate: " + e.getMessage(), e);
    }
    if (clock.instant().isAfter(loaded.notAfter())) {
      throw new IOException(
          "The hub's certificate in "
              + file
              + " expired at "
              + loaded.notAfter()
              + ". Move the file away to get a new one; nodes then need new tickets.");
    }
    return loaded;
  }

  private void checkKeyFits() throws GeneralSecurityException, IOException {
    byte[] probe = P256Certificates.encoded(certificate);
    Signature signer = Signature.getInstance(ALGORITHM);
    signer.initSign(privateKey);
    signer.update(probe);
    byte[] signed = signer.sign();
    Signature verifier = Signature.getInstance(ALGORITHM);
    verifier.initVerify(certificate.getPublicKey());
    verifier.update(probe);
    if (!verifier.verify(signed)) {
      throw new IOException("The key is not that of the certificate.");
    }
  }

  /** The self-signed certificate. */
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

  /** By what nodes recognize this hub. */
  public HubFingerprint fingerprint() {
    return HubFingerprint.of(certificate);
  }

  /** Presents this certificate to every client. */
  public X509ExtendedKeyManager keyManager() {
    return new SingleKeyManager(privateKey, certificate);
  }

  /** The certificate in PEM (RFC 7468). */
  public String certificatePem() {
    return Pem.encode(Pem.CERTIFICATE, P256Certificates.encoded(certificate));
  }

  /** The key in PKCS#8 PEM: a secret. */
  public String privateKeyPem() {
    return Pem.encode(Pem.PRIVATE_KEY, privateKey.getEncoded());
  }

  /** Tells the fingerprint only. */
  @Override
  public String toString() {
    return "HubCertificate[" + fingerprint() + "]";
  }
}
