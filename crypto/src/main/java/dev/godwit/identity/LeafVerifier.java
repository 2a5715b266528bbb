package dev.godwit.identity;

import java.security.cert.CertificateException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import javax.net.ssl.X509ExtendedTrustManager;
import org.bouncycastle.asn1.ASN1String;
import org.bouncycastle.asn1.edec.EdECObjectIdentifiers;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyPurposeId;

/**
 * Proves which node presented a {@link LeafCertificate}. Accepts nothing else: a certificate that
 * differs in any way from what {@link LeafCertificate#issue} makes is refused, and the message says
 * why. Safe for use by many threads.
 */
public final class LeafVerifier {

  private static final String ED25519 = EdECObjectIdentifiers.id_Ed25519.getId();
  private static final int DIGITAL_SIGNATURE_BIT = 0;
  private static final int NO_CERTIFICATE_AUTHORITY = -1;
  private static final Set<String> KNOWN_CRITICAL =
      Set.of(Extension.basicConstraints.getId(), Extension.keyUsage.getId());
  private static final Set<String> PURPOSES =
      Set.of(KeyPurposeId.id_kp_serverAuth.getId(), KeyPurposeId.id_kp_clientAuth.getId());

  private final InstantSource clock;

  /** Judges validity by this clock. */
  public LeafVerifier(InstantSource clock) {
    this.clock = clock;
  }

  /**
   * Proves who issued the certificate. That the peer has its key is for TLS to prove.
   *
   * @param chain what the peer presented: exactly one certificate
   * @return the identity that signed it
   */
  public NodeId verify(X509Certificate[] chain) throws CertificateException {
    if (chain.length != 1) {
      throw new CertificateException(
          "A node presents exactly one certificate, not " + chain.length + ".");
    }
    X509Certificate leaf = chain[0];
    try {
      NodeId issuer = issuerOf(leaf);
      checkSignature(leaf, issuer);
      checkValidity(leaf);
      checkUse(leaf);
      return issuer;
    } catch (IllegalArgumentException | IllegalStateException | ClassCastException e) {
      // What Bouncy Castle throws for structures that are not what they ought to be.
      throw new CertificateException("The certificate is malformed.", e);
    }
  }

  /** Proves that this very node issued the certificate. */
  public void verify(X509Certificate[] chain, NodeId expected) throws CertificateException {
    NodeId presented = verify(chain);
    if (!presented.equals(expected)) {
      throw new CertificateException(
          "The peer is " + presented + ", not " + expected + " as expected.");
    }
  }

  /** Accepts one node, as a client and as a server; there is no host name check. */
  public X509ExtendedTrustManager trusting(NodeId expected) {
    ChainTrust.Check check = chain -> verify(chain, expected);
    return new ChainTrust(check, check);
  }

  /**
   * Accepts every node that proves its identity. Who that is, and what it may do, is for the caller
   * to decide before it serves a byte.
   */
  public X509ExtendedTrustManager trustingAnyIdentity() {
    return new ChainTrust(this::verify, this::verify);
  }

  private static NodeId issuerOf(X509Certificate leaf) throws CertificateException {
    byte[] issuer = leaf.getIssuerX500Principal().getEncoded();
    if (!Arrays.equals(issuer, leaf.getSubjectX500Principal().getEncoded())) {
      throw new CertificateException("The certificate's subject is not its issuer.");
    }
    RDN[] names = X500Name.getInstance(issuer).getRDNs();
    if (names.length != 1
        || names[0].isMultiValued()
        || !names[0].getFirst().getType().equals(BCStyle.CN)
        || !(names[0].getFirst().getValue() instanceof ASN1String text)) {
      throw new CertificateException("The certificate's issuer is not a common name alone.");
    }
    NodeId id;
    try {
      id = NodeId.parse(text.getString());
    } catch (InvalidNodeIdException e) {
      throw new CertificateException("The certificate's issuer is not a node id.", e);
    }
    if (!id.toString().equals(text.getString())) {
      throw new CertificateException("The certificate's issuer is not written as a node id is.");
    }
    return id;
  }

  private static void checkSignature(X509Certificate leaf, NodeId issuer)
      throws CertificateException {
    if (leaf.getVersion() != 3) {
      throw new CertificateException("The certificate has not version 3.");
    }
    if (!leaf.getSigAlgOID().equals(ED25519)) {
      throw new CertificateException("The certificate is not signed with Ed25519.");
    }
    if (!SigningKey.verifyRaw(issuer.key(), leaf.getTBSCertificate(), leaf.getSignature())) {
      throw new CertificateException("The certificate is not signed by " + issuer + ".");
    }
  }

  private void checkValidity(X509Certificate leaf) throws CertificateException {
    Instant notBefore = leaf.getNotBefore().toInstant();
    Instant notAfter = leaf.getNotAfter().toInstant();
    Instant now = clock.instant();
    if (now.isBefore(notBefore)) {
      throw new CertificateException(
          "The certificate is valid from " + notBefore + " on only, and it is " + now + ".");
    }
    if (now.isAfter(notAfter)) {
      throw new CertificateException(
          "The certificate expired at " + notAfter + ", and it is " + now + ".");
    }
    Duration longest = LeafCertificate.MAX_LIFETIME.plus(LeafCertificate.CLOCK_SKEW);
    if (Duration.between(notBefore, notAfter).compareTo(longest) > 0) {
      throw new CertificateException(
          "The certificate is valid for longer than " + LeafCertificate.MAX_LIFETIME + ".");
    }
  }

  private static void checkUse(X509Certificate leaf) throws CertificateException {
    if (!P256Certificates.isP256(leaf.getPublicKey())) {
      throw new CertificateException("The certificate's key is not a P-256 key.");
    }
    if (leaf.getBasicConstraints() != NO_CERTIFICATE_AUTHORITY) {
      throw new CertificateException("The certificate is that of a certificate authority.");
    }
    boolean[] usage = leaf.getKeyUsage();
    if (usage == null || !usage[DIGITAL_SIGNATURE_BIT]) {
      throw new CertificateException("The certificate's key may not be used for signatures.");
    }
    if (!PURPOSES.equals(purposesOf(leaf))) {
      throw new CertificateException(
          "The certificate is not for the use by TLS servers and clients.");
    }
    Set<String> critical = leaf.getCriticalExtensionOIDs();
    if (critical == null || !KNOWN_CRITICAL.containsAll(critical)) {
      throw new CertificateException("The certificate has critical extensions that are unknown.");
    }
  }

  private static Set<String> purposesOf(X509Certificate leaf) throws CertificateParsingException {
    List<String> purposes = leaf.getExtendedKeyUsage();
    return purposes == null ? Set.of() : Set.copyOf(purposes);
  }
}
