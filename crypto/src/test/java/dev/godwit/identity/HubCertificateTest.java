package dev.godwit.identity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import javax.net.ssl.X509ExtendedTrustManager;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HubCertificateTest {

  private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

  private final SecureRandom random = new SecureRandom();
  private final InstantSource clock = InstantSource.fixed(NOW);
  private final HubCertificate hub = HubCertificate.generate(clock, random);
  @TempDir private Path dir;

  @Test
  void isSignedByItselfForTenYears() throws Exception {
    hub.certificate().verify(hub.certificate().getPublicKey());
    assertTrue(Duration.between(NOW, hub.notAfter()).toDays() >= 3650);
  }

  @Test
  void theCreatedFileIsReadBackAndPrivate() throws IOException {
    HubCertificate created = HubCertificate.loadOrCreate(dir.resolve("hub"), clock, random);
    HubCertificate loaded = HubCertificate.loadOrCreate(dir.resolve("hub"), clock, random);
    assertEquals(created.fingerprint(), loaded.fingerprint());
    assertEquals(created.privateKey(), loaded.privateKey());
    assertEquals(
        "rw-------",
        PosixFilePermissions.toString(
            Files.getPosixFilePermissions(dir.resolve("hub").resolve("hub.pem"))));
  }

  @Test
  void aFileThatOthersCanReadIsRefused() throws IOException {
    HubCertificate.loadOrCreate(dir, clock, random);
    Path file = dir.resolve("hub.pem");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    IOException e =
        assertThrows(IOException.class, () -> HubCertificate.loadOrCreate(dir, clock, random));
    assertTrue(String.valueOf(e.getMessage()).contains("chmod 600 " + file), e.getMessage());
  }

  @Test
  void anExpiredCertificateIsRefused() throws IOException {
    HubCertificate created = HubCertificate.loadOrCreate(dir, clock, random);
    InstantSource later = InstantSource.fixed(created.notAfter().plusSeconds(1));
    IOException e =
        assertThrows(IOException.class, () -> HubCertificate.loadOrCreate(dir, later, random));
    assertTrue(String.valueOf(e.getMessage()).contains("expired"), e.getMessage());
  }

  @Test
  void aKeyOfAnotherCertificateIsRefused() throws IOException {
    HubCertificate other = HubCertificate.generate(clock, random);
    write(hub.privateKeyPem() + other.certificatePem());
    IOException e =
        assertThrows(IOException.class, () -> HubCertificate.loadOrCreate(dir, clock, random));
    assertTrue(String.valueOf(e.getMessage()).contains("not that of"), e.getMessage());
  }

  @Test
  void aFileWithoutAKeyIsRefused() throws IOException {
    write(hub.certificatePem());
    assertThrows(IOException.class, () -> HubCertificate.loadOrCreate(dir, clock, random));
  }

  @Test
  void theFingerprintIsReadInAnyCaseWithColons() {
    String text = hub.fingerprint().toString();
    String colons = text.toUpperCase(Locale.ROOT).replaceAll("(..)(?=.)", "$1:");
    assertEquals(hub.fingerprint(), HubFingerprint.parse(text));
    assertEquals(hub.fingerprint(), HubFingerprint.parse(" " + colons + "\n"));
  }

  @Test
  void whatIsNotSixtyFourDigitsIsNoFingerprint() {
    for (String text : List.of("", "00", "g".repeat(64), "0".repeat(63), "0".repeat(65))) {
      assertThrows(IllegalArgumentException.class, () -> HubFingerprint.parse(text), text);
    }
    assertThrows(IllegalArgumentException.class, () -> HubFingerprint.of(new byte[31]));
  }

  @Test
  void onlyThisCertificateIsTrustedAndOnlyAsAServer() throws CertificateException {
    HubCertificate other = HubCertificate.generate(clock, random);
    assertNotEquals(hub.fingerprint(), other.fingerprint());
    X509ExtendedTrustManager trust = hub.fingerprint().trust();
    X509Certificate[] right = {hub.certificate()};
    X509Certificate[] wrong = {other.certificate(), hub.certificate()};
    trust.checkServerTrusted(right, "ECDHE_ECDSA");
    assertThrows(CertificateException.class, () -> trust.checkServerTrusted(wrong, "ECDHE_ECDSA"));
    assertThrows(
        CertificateException.class,
        () -> trust.checkServerTrusted(new X509Certificate[0], "ECDHE_ECDSA"));
    assertThrows(CertificateException.class, () -> trust.checkClientTrusted(right, "ECDHE_ECDSA"));
  }

  @Test
  void itsTextDoesNotShowThePrivateKey() {
    assertFalse(hub.toString().contains(hub.privateKeyPem().lines().toList().get(1)));
  }

  private void write(String pem) throws IOException {
    PrivateFile.create(dir.resolve("hub.pem"), pem.getBytes(StandardCharsets.US_ASCII));
  }
}
