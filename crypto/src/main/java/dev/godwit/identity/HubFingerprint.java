package dev.godwit.identity;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import java.util.Locale;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * By what a hub is recognized: the SHA-256 of its certificate's DER encoding. Two of them are
 * compared in constant time.
 */
public record HubFingerprint(Octets sha256) {

  /** The number of bytes of a fingerprint. */
  public static final int BYTES = 32;

  /** Checks the length. */
  public HubFingerprint {
    sha256.requireLength(BYTES, "A hub's fingerprint");
  }

  /** Takes the 32 bytes of the hash. */
  public static HubFingerprint of(byte[] sha256) {
    return new HubFingerprint(Octets.of(sha256));
  }

  /** The fingerprint of a certificate. */
  public static HubFingerprint of(X509Certificate certificate) {
    try {
      return of(MessageDigest.getInstance("SHA-256").digest(P256Certificates.encoded(certificate)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("This JDK has no SHA-256.", e);
    }
  }

  /**
   * Reads 64 hexadecimal digits in any case, with or without colons and spaces between them.
   *
   * @throws IllegalArgumentException when it is anything else
   */
  public static HubFingerprint parse(String text) {
    String digits = text.replaceAll("[\\s:]", "").toLowerCase(Locale.ROOT);
    if (!digits.matches("[0-9a-f]{64}")) {
      throw new IllegalArgumentException(
          "This is not a hub's fingerprint: it is not 64 hexadecimal digits.");
    }
    return of(HexFormat.of().parseHex(digits));
  }

  /** A fresh copy of the 32 bytes. */
  public byte[] bytes() {
    return sha256.toByteArray();
  }

  /**
   * Accepts exactly the server with this certificate, whatever its host name and dates are, and no
   * client.
   */
  public X509ExtendedTrustManager trust() {
    return new ChainTrust(
        chain -> {
          throw new CertificateException("A hub's fingerprint is not for the use with clients.");
        },
        chain -> {
          if (chain.length == 0) {
            throw new CertificateException("The hub presented no certificate.");
          }
          HubFingerprint presented = of(chain[0]);
          if (!presented.equals(this)) {
            throw new CertificateException(
                "The hub's certificate has the fingerprint " + presented + ", not " + this + ".");
          }
        });
  }

  /** 64 lower-case hexadecimal digits. */
  @Override
  public String toString() {
    return sha256.toHex();
  }
}
