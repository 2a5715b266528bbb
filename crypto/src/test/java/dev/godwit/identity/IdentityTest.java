package dev.godwit.identity;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdentityTest {

  private static final String CONTEXT = "test";

  private final SecureRandom random = new SecureRandom();
  private final Identity identity = Identity.generate(random);
  private final byte[] message = {1, 2, 3};
  @TempDir private Path dir;

  @Test
  void itsSignatureVerifies() {
    byte[] signature = identity.sign(CONTEXT, message);
    assertEquals(64, signature.length);
    assertTrue(Identity.verify(identity.id(), CONTEXT, message, signature));
  }

  @Test
  void aTamperedSignatureDoesNotVerify() {
    byte[] signature = identity.sign(CONTEXT, message);
    for (int i = 0; i < signature.length; i++) {
      byte[] tampered = signature.clone();
      tampered[i] ^= 1;
      assertFalse(Identity.verify(identity.id(), CONTEXT, message, tampered), "byte " + i);
    }
    assertFalse(Identity.verify(identity.id(), CONTEXT, message, new byte[0]));
    assertFalse(Identity.verify(identity.id(), CONTEXT, message, new byte[64]));
  }

  @Test
  void aSignatureIsForItsMessageContextAndSignerOnly() {
    byte[] signature = identity.sign(CONTEXT, message);
    NodeId other = Identity.generate(random).id();
    assertFalse(Identity.verify(identity.id(), CONTEXT, new byte[] {1, 2}, signature));
    assertFalse(Identity.verify(identity.id(), "other", message, signature));
    assertFalse(Identity.verify(other, CONTEXT, message, signature));
  }

  @Test
  void contextAndMessageDoNotRunIntoEachOther() {
    byte[] signature = identity.sign("ab", "c".getBytes(StandardCharsets.US_ASCII));
    assertFalse(
        Identity.verify(identity.id(), "a", "bc".getBytes(StandardCharsets.US_ASCII), signature));
  }

  @Test
  void aContextIsShortAsciiText() {
    for (String context : List.of("", "x".repeat(65), "\u00e4", "a\nb")) {
      assertThrows(IllegalArgumentException.class, () -> identity.sign(context, message), context);
    }
  }

  @Test
  void aKeyOfSmallOrderSignsNothing() {
    // The neutral element: with it, R = neutral and S = 0 would satisfy the equation.
    byte[] neutral = new byte[32];
    neutral[0] = 1;
    byte[] forged = new byte[64];
    forged[0] = 1;
    assertFalse(Identity.verify(NodeId.of(neutral), CONTEXT, message, forged));
  }

  @Test
  void thePublicKeyIsTheOneOfRfc8032(@TempDir Path other) throws IOException {
    String seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    byte[] pkcs8 = HexFormat.of().parseHex("302e020100300506032b657004220420" + seed);
    Path file = other.resolve("key");
    PrivateFile.create(
        file, Pem.encode(Pem.PRIVATE_KEY, pkcs8).getBytes(StandardCharsets.US_ASCII));
    assertEquals(
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        HexFormat.of().formatHex(Identity.load(file).id().bytes()));
  }

  @Test
  void theCreatedFileIsReadBack() throws IOException {
    Path file = dir.resolve("deep/down/identity.pem");
    Identity created = Identity.loadOrCreate(file, random);
    assertEquals(created.id(), Identity.loadOrCreate(file, random).id());
    assertEquals(created.id(), Identity.load(file).id());
    assertArrayEquals(created.sign(CONTEXT, message), Identity.load(file).sign(CONTEXT, message));
  }

  @Test
  void onlyTheOwnerMayReadTheCreatedFile() throws IOException {
    Path file = dir.resolve("sub/identity.pem");
    Identity.loadOrCreate(file, random);
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    assertEquals(
        "rwx------",
        PosixFilePermissions.toString(Files.getPosixFilePermissions(dir.resolve("sub"))));
  }

  @Test
  void nothingElseIsLeftInTheDirectory() throws IOException {
    Identity.loadOrCreate(dir.resolve("identity.pem"), random);
    try (Stream<Path> files = Files.list(dir)) {
      assertEquals(List.of(dir.resolve("identity.pem")), files.toList());
    }
  }

  @Test
  void aFileThatOthersCanReadIsRefused() throws IOException {
    Path file = dir.resolve("identity.pem");
    Identity.loadOrCreate(file, random);
    for (String mode : List.of("rw-r-----", "rw----r--", "rw--w----")) {
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
      IOException e = assertThrows(IOException.class, () -> Identity.load(file));
      assertTrue(String.valueOf(e.getMessage()).contains("chmod 600 " + file), e.getMessage());
    }
  }

  @Test
  void aMissingFileIsNamed() {
    Path file = dir.resolve("missing.pem");
    NoSuchFileException e = assertThrows(NoSuchFileException.class, () -> Identity.load(file));
    assertEquals(file.toString(), e.getFile());
  }

  @Test
  void aDamagedFileIsRefused() throws IOException {
    int number = 0;
    String ec =
        Pem.encode(
            Pem.PRIVATE_KEY, P256Certificates.generateKeyPair(random).getPrivate().getEncoded());
    for (String content :
        List.of(
            "",
            "nonsense",
            "-----BEGIN PRIVATE KEY-----\n!!!\n-----END PRIVATE KEY-----\n",
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            ec,
            "x".repeat(100_000))) {
      Path file = dir.resolve("damaged" + number++);
      PrivateFile.create(file, content.getBytes(StandardCharsets.US_ASCII));
      assertThrows(IOException.class, () -> Identity.load(file), content);
    }
  }

  @Test
  void allWhoCreateTheFileAtTheSameTimeGetTheSameKey() throws Exception {
    Path file = dir.resolve("identity.pem");
    Set<NodeId> ids = new HashSet<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Identity>> running = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        running.add(threads.submit(() -> Identity.loadOrCreate(file, random)));
      }
      for (Future<Identity> one : running) {
        ids.add(one.get().id());
      }
    }
    assertEquals(1, ids.size());
  }

  @Test
  void itsTextDoesNotShowThePrivateKey() {
    assertEquals("Identity[" + identity.id() + "]", identity.toString());
  }
}
