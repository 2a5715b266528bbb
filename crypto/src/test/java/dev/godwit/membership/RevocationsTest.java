package dev.godwit.membership;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.Mutations;
import dev.godwit.identity.Identity;
import dev.godwit.identity.NodeId;
import dev.godwit.membership.MembershipException.Reason;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class RevocationsTest {

  private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

  private final SecureRandom random = new SecureRandom();
  private final MeshKey mesh = MeshKey.generate(random);
  private final NodeId node = Identity.generate(random).id();
  private final Serial serial = Serial.random(random);
  private final Revocations none = Revocations.none(mesh.id());
  private final Revocations some = none.revoke(mesh, node, NOW).revoke(mesh, serial, NOW);

  @Test
  void nothingIsRevokedAtFirst() throws MembershipException {
    assertEquals(0, none.version());
    assertFalse(none.isRevoked(node));
    assertEquals(0, Revocations.parse(none.encoded()).version());
  }

  @Test
  void everyChangeMakesANewerVersion() {
    assertEquals(2, some.version());
    assertTrue(some.isRevoked(node));
    assertTrue(some.isRevoked(serial));
    assertFalse(some.isRevoked(Identity.generate(random).id()));
    assertFalse(some.isRevoked(Serial.random(random)));
    assertFalse(none.isRevoked(node));
  }

  @Test
  void isReadBackAsWritten() throws MembershipException {
    Revocations read = Revocations.parse(some.encoded());
    assertEquals(mesh.id(), read.mesh());
    assertEquals(2, read.version());
    assertTrue(read.isRevoked(node));
    assertTrue(read.isRevoked(serial));
    assertArrayEquals(some.encoded(), read.encoded());
  }

  @Test
  void theHigherVersionCounts() throws MembershipException {
    assertSame(some, none.newer(some));
    assertSame(some, some.newer(none));
    assertSame(some, some.newer(Revocations.parse(some.encoded())));
  }

  @Test
  void anotherMeshsListDoesNotCount() {
    Revocations foreign = Revocations.none(MeshKey.generate(random).id());
    MembershipException e = assertThrows(MembershipException.class, () -> none.newer(foreign));
    assertEquals(Reason.WRONG_MESH, e.reason());
  }

  @Test
  void anotherMeshsKeyCanNotRevoke() {
    assertThrows(
        IllegalArgumentException.class, () -> none.revoke(MeshKey.generate(random), node, NOW));
  }

  @Test
  void whatIsOlderThanACertificateCanLastIsLeftOut() {
    Instant later = NOW.plus(Revocations.KEPT);
    Revocations kept = some.revoke(mesh, Serial.random(random), later);
    assertEquals(3, kept.size());
    Revocations gone = some.revoke(mesh, Serial.random(random), later.plusMillis(1));
    assertEquals(1, gone.size());
    assertFalse(gone.isRevoked(node));
    assertEquals(some.version() + 1, gone.version());
  }

  @Test
  void aFullListFitsIntoItsLimitAndTakesNothingMore() throws MembershipException {
    List<Serial> all =
        Stream.generate(() -> Serial.random(random)).limit(Revocations.MAX_ENTRIES - 2).toList();
    Revocations full = some.revoke(mesh, all, NOW);
    assertEquals(Revocations.MAX_ENTRIES, full.size());
    assertEquals(Revocations.MAX_ENTRIES, Revocations.parse(full.encoded()).size());
    // What is in it already may be said again.
    assertEquals(full.size(), full.revoke(mesh, node, NOW).size());
    assertThrows(
        IllegalArgumentException.class, () -> full.revoke(mesh, Serial.random(random), NOW));
  }

  @Test
  void aTamperedListIsRefused() {
    byte[] signature = some.encoded();
    signature[signature.length - 1] ^= 1;
    byte[] body = some.encoded();
    body[body.length - 70] ^= 1;
    for (byte[] tampered : List.of(signature, body)) {
      MembershipException e =
          assertThrows(MembershipException.class, () -> Revocations.parse(tampered));
      assertEquals(Reason.BAD_SIGNATURE, e.reason());
    }
  }

  @Test
  void noDamageMakesTheParserThrowAnythingElse() {
    Mutations.check(some.encoded(), MembershipException.class, Revocations::parse);
  }
}
