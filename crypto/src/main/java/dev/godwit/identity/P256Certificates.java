package dev.godwit.identity;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.util.Date;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** Makes the X.509 certificates (RFC 5280) for P-256 keys. */
final class P256Certificates {

  private static final int SERIAL_BITS = 127;

  private P256Certificates() {}

  static KeyPair generateKeyPair(SecureRandom random) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"), random);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("This JDK has no P-256.", e);
    }
  }

  static boolean isP256(PublicKey key) {
    byte[] encoded = key.getEncoded();
    if (encoded == null) {
      return false;
    }
    AlgorithmIdentifier algorithm = SubjectPublicKeyInfo.getInstance(encoded).getAlgorithm();
    return algorithm.getAlgorithm().equals(X9ObjectIdentifiers.id_ecPublicKey)
        && algorithm.getParameters() instanceof ASN1ObjectIdentifier curve
        && curve.equals(X9ObjectIdentifiers.prime256v1);
  }

  static X500Name commonName(String text) {
    return new X500NameBuilder(BCStyle.INSTANCE).addRDN(BCStyle.CN, text).build();
  }

  /** Starts a certificate for TLS servers and clients whose issuer is also its subject. */
  static X509v3CertificateBuilder builder(
      X500Name name, Instant notBefore, Instant notAfter, PublicKey key, SecureRandom random)
      throws IOException {
    BigInteger serial = new BigInteger(SERIAL_BITS, random).setBit(SERIAL_BITS - 1);
    return new X509v3CertificateBuilder(
            name,
            serial,
            Date.from(notBefore),
            Date.from(notAfter),
            name,
            SubjectPublicKeyInfo.getInstance(key.getEncoded()))
        .addExtension(Extension.basicConstraints, true, new BasicConstraints(false))
        .addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature))
        .addExtension(
            Extension.extendedKeyUsage,
            false,
            new ExtendedKeyUsage(
                new KeyPurposeId[] {KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth}));
  }

  static X509Certificate sign(
      X509v3CertificateBuilder builder, String algorithm, PrivateKey issuer, SecureRandom random)
      throws IOException {
    try {
      return decode(
          builder
              .build(new JcaContentSignerBuilder(algorithm).setSecureRandom(random).build(issuer))
              .getEncoded());
    } catch (OperatorCreationException | CertificateException e) {
      throw new IOException("The certificate could not be signed with " + algorithm + ".", e);
    }
  }

  static X509Certificate decode(byte[] der) throws CertificateException {
    return (X509Certificate)
        CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der));
  }

  static byte[] encoded(X509Certificate certificate) {
    try {
      return certificate.getEncoded();
    } catch (CertificateException e) {
      throw new IllegalStateException("A decoded certificate could not be encoded again.", e);
    }
  }
}
