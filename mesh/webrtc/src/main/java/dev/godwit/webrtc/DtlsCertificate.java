package dev.godwit.webrtc;

import dev.godwit.identity.Octets;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.HexFormat;

/**
 * The P-256 key and self-signed certificate (RFC 5280) of one connection. It says nothing about who
 * it belongs to; {@link FingerprintProof} does. It cannot be a leaf of the identity, because the
 * library ends the process over a certificate that is signed with Ed25519.
 *
 * @param certificatePem the certificate
 * @param privateKeyPem the key, PKCS#8: a secret
 * @param fingerprint SHA-256 of the certificate
 * @param notAfter when it expires
 */
record DtlsCertificate(
    String certificatePem, String privateKeyPem, Octets fingerprint, Instant notAfter) {
  private static final Duration SKEW = Duration.ofDays(1);
  private static final int SERIAL = 12;

  private static final int INTEGER = 0x02;
  private static final int BIT_STRING = 0x03;
  private static final int OBJECT_IDENTIFIER = 0x06;
  private static final int UTF8 = 0x0c;
  private static final int TIME = 0x18;
  private static final int SEQUENCE = 0x30;
  private static final int SET = 0x31;
  private static final int VERSION = 0xa0;
  private static final byte[] VERSION_3 = {2};
  private static final byte[] ECDSA_WITH_SHA256 = HexFormat.of().parseHex("2a8648ce3d040302");
  private static final byte[] COMMON_NAME = HexFormat.of().parseHex("550403");

  /** X.509 wants UTCTime before 2050; DTLS stacks do not look. GeneralizedTime is one format. */
  private static final DateTimeFormatter FORMAT =
      DateTimeFormatter.ofPattern("yyyyMMddHHmmss'Z'").withZone(ZoneOffset.UTC);

  /** Makes a new key and its certificate. */
  static DtlsCertificate generate(InstantSource clock, Duration lifetime, SecureRandom random) {
    Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
    Instant end = now.plus(lifetime);
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"), random);
      KeyPair keys = generator.generateKeyPair();
      byte[] serial = new byte[SERIAL];
      random.nextBytes(serial);
      // Positive, and without a zero in front.
      serial[0] = (byte) ((serial[0] & 0x3f) | 0x40);
      byte[] algorithm = der(SEQUENCE, der(OBJECT_IDENTIFIER, ECDSA_WITH_SHA256));
      byte[] name =
          der(
              SEQUENCE,
              der(
                  SET,
                  der(
                      SEQUENCE,
                      der(OBJECT_IDENTIFIER, COMMON_NAME),
                      der(UTF8, "godwit".getBytes(StandardCharsets.US_ASCII)))));
      byte[] body =
          der(
              SEQUENCE,
              der(VERSION, der(INTEGER, VERSION_3)),
              der(INTEGER, serial),
              algorithm,
              name,
              der(SEQUENCE, time(now.minus(SKEW)), time(end)),
              name,
              keys.getPublic().getEncoded());
      Signature signature = Signature.getInstance("SHA256withECDSA");
      signature.initSign(keys.getPrivate(), random);
      signature.update(body);
      byte[] certificate =
          der(SEQUENCE, body, algorithm, der(BIT_STRING, new byte[1], signature.sign()));
      return new DtlsCertificate(
          pem("CERTIFICATE", certificate),
          pem("PRIVATE KEY", keys.getPrivate().getEncoded()),
          Octets.of(MessageDigest.getInstance("SHA-256").digest(certificate)),
          end);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has P-256 and SHA-256", e);
    }
  }

  private static byte[] time(Instant moment) {
    return der(TIME, FORMAT.format(moment).getBytes(StandardCharsets.US_ASCII));
  }

  private static byte[] der(int tag, byte[]... parts) {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      content.writeBytes(part);
    }
    int length = content.size();
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    whole.write(tag);
    if (length > 0xff) {
      whole.write(0x82);
      whole.write(length >> 8);
    } else if (length > 0x7f) {
      whole.write(0x81);
    }
    whole.write(length);
    whole.writeBytes(content.toByteArray());
    return whole.toByteArray();
  }

  private static String pem(String label, byte[] content) {
    return "-----BEGIN "
        + label
        + "-----\n"
        + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content)
        + "\n-----END "
        + label
        + "-----\n";
  }

  /** Without the key. */
  @Override
  public String toString() {
    return "DtlsCertificate[" + fingerprint.toHex() + "]";
  }
}
