package dev.godwit.membership;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.Mutations;
import dev.godwit.identity.Identity;
import dev.godwit.identity.NodeId;
import dev.godwit.membership.MembershipException.Reason;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class MembershipTest {

  private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
  private static final Duration DAY = Duration.ofDays(1);
  private static final Duration LONGEST = Membership.LONGEST.minus(DAY);

  private final SecureRandom random = new SecureRandom();
  private final MeshKey mesh = MeshKey.generate(random);
  private final NodeId node = Identity.generate(random).id();
  private final List<Grant> grants =
      List.of(
          new Grant("vm-*", EnumSet.of(Capability.READ, Capability.MIGRATE)),
          new Grant("db", EnumSet.of(Capability.WRITE)));
  private final Membership membership = issue(mesh, node);
  private final Revocations none = Revocations.none(mesh.id());

  @Test
  void isReadBackAsIssued() throws MembershipException {
    Membership read = Membership.parse(membership.encoded());
    assertEquals(membership, read);
    assertEquals(mesh.id(), read.mesh());
    assertEquals(node, read.node());
    assertEquals("laptop-1", read.name());
    assertEquals(grants, read.grants());
    assertEquals(NOW.minus(Duration.ofMinutes(5)), read.notBefore());
    assertEquals(NOW.plus(DAY), read.expiry());
    assertEquals(membership.serial(), read.serial());
    assertArrayEquals(membership.encoded(), read.encoded());
  }

  /** Or a revocation could be forgotten before what it revokes has ended. */
  @Test
  void noneLastsLongerThanARevocationIsKept() {
    Membership longest =
        Membership.issue(mesh, node, "old", grants, InstantSource.fixed(NOW), LONGEST, random);
    assertTrue(longest.expiry().isBefore(NOW.plus(Revocations.KEPT)));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            Membership.issue(
                mesh, node, "older", grants, InstantSource.fixed(NOW), Membership.LONGEST, random));
  }

  @Test
  void eachHasItsOwnSerial() {
    assertNotEquals(membership.serial(), issue(mesh, node).serial());
  }

  @Test
  void theMemberIsAccepted() throws MembershipException {
    at(NOW).verify(membership, node, none);
    at(membership.notBefore()).verify(membership, node, none);
    at(membership.expiry().minusMillis(1)).verify(membership, node, none);
  }

  @Test
  void onlyWhatIsGrantedIsAllowed() {
    assertTrue(membership.allows("vm-1", Capability.READ));
    assertTrue(membership.allows("vm-1", Capability.MIGRATE));
    assertTrue(membership.allows("db", Capability.WRITE));
    assertFalse(membership.allows("vm-1", Capability.WRITE));
    assertFalse(membership.allows("db", Capability.READ));
    assertFalse(membership.allows("other", Capability.READ));
  }

  @Test
  void withoutGrantsNothingIsAllowed() {
    Membership bare =
        Membership.issue(mesh, node, "bare", List.of(), InstantSource.fixed(NOW), DAY, random);
    for (Capability capability : Capability.values()) {
      assertFalse(bare.allows("anything", capability));
    }
  }

  @Test
  void anotherMeshsMembershipIsRefused() {
    assertRefused(Reason.WRONG_MESH, at(NOW), issue(MeshKey.generate(random), node), node, none);
  }

  @Test
  void anotherMeshsRevocationsAreRefused() {
    Revocations foreign = Revocations.none(MeshKey.generate(random).id());
    assertRefused(Reason.WRONG_MESH, at(NOW), membership, node, foreign);
  }

  @Test
  void anotherNodeIsRefused() {
    NodeId thief = Identity.generate(random).id();
    assertRefused(Reason.OTHER_NODE, at(NOW), membership, thief, none);
  }

  @Test
  void itIsRefusedOutsideItsTime() {
    assertRefused(
        Reason.NOT_YET_VALID, at(membership.notBefore().minusMillis(1)), membership, node, none);
    assertRefused(Reason.EXPIRED, at(membership.expiry()), membership, node, none);
  }

  @Test
  void aRevokedNodeIsRefused() {
    assertRefused(Reason.REVOKED, at(NOW), membership, node, none.revoke(mesh, node, NOW));
  }

  @Test
  void aRevokedSerialIsRefusedAndTheNodesOtherCertificateIsNot() throws MembershipException {
    Revocations one = none.revoke(mesh, membership.serial(), NOW);
    assertRefused(Reason.REVOKED, at(NOW), membership, node, one);
    at(NOW).verify(issue(mesh, node), node, one);
  }

  @Test
  void aTamperedSignatureIsRefused() throws MembershipException {
    byte[] encoded = membership.encoded();
    encoded[encoded.length - 1] ^= 1;
    assertRefused(Reason.BAD_SIGNATURE, at(NOW), Membership.parse(encoded), node, none);
  }

  @Test
  void aTamperedBodyIsRefused() throws MembershipException {
    byte[] encoded = membership.encoded();
    int name = indexOf(encoded, "laptop-1");
    encoded[name] = 'r';
    Membership tampered = Membership.parse(encoded);
    assertEquals("raptop-1", tampered.name());
    assertRefused(Reason.BAD_SIGNATURE, at(NOW), tampered, node, none);
  }

  @Test
  void aSignatureForAnotherPurposeIsRefused() throws MembershipException {
    byte[] encoded = membership.encoded();
    byte[] body = Arrays.copyOfRange(encoded, 8, encoded.length - 66);
    byte[] other = mesh.sign("other", body);
    System.arraycopy(other, 0, encoded, encoded.length - 64, 64);
    assertRefused(Reason.BAD_SIGNATURE, at(NOW), Membership.parse(encoded), node, none);
  }

  @Test
  void somethingElseIsMalformed() {
    byte[] encoded = membership.encoded();
    byte[] longer = Arrays.copyOf(encoded, encoded.length + 1);
    byte[] shorter = Arrays.copyOf(encoded, encoded.length - 1);
    for (byte[] wrong :
        List.of(new byte[0], longer, shorter, new byte[Membership.MAX_BYTES + 1], none.encoded())) {
      MembershipException e =
          assertThrows(MembershipException.class, () -> Membership.parse(wrong));
      assertEquals(Reason.MALFORMED, e.reason());
    }
  }

  @Test
  void wrongNamesAreNotIssued() {
    for (String name : List.of("", "x".repeat(64), "Upper", "a b", "a\n", "\u00e4")) {
      assertThrows(
          IllegalArgumentException.class,
          () -> Membership.issue(mesh, node, name, grants, InstantSource.fixed(NOW), DAY, random));
    }
  }

  /** Whoever signs can write anything; it must not be shown as it is. */
  @Test
  void aNameThatTerminalsObeyIsNotReadAndNotRepeated() {
    byte[] encoded = membership.encoded();
    byte[] evil = "\u001b[\u009b\u202ex".getBytes(StandardCharsets.UTF_8);
    System.arraycopy(evil, 0, encoded, indexOf(encoded, "laptop-1"), evil.length);
    assertEquals("laptop-1".length(), evil.length);
    MembershipException e =
        assertThrows(MembershipException.class, () -> Membership.parse(encoded));
    assertEquals(Reason.MALFORMED, e.reason());
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      assertFalse(
          Pattern.compile("\\p{C}").matcher(String.valueOf(cause.getMessage())).find(),
          cause::toString);
    }
  }

  @Test
  void moreThanFitsIsNotIssued() {
    Grant longest = new Grant("x".repeat(Grant.MAX_PATTERN_CHARS), Set.of(Capability.READ));
    Membership full = withGrants(Collections.nCopies(Grant.MAX_GRANTS, longest));
    assertEquals(Grant.MAX_GRANTS, full.grants().size());
    assertThrows(
        IllegalArgumentException.class,
        () -> withGrants(Collections.nCopies(Grant.MAX_GRANTS + 1, longest)));
  }

  @Test
  void noDamageMakesTheParserThrowAnythingElse() {
    Mutations.check(membership.encoded(), MembershipException.class, Membership::parse);
  }

  private static void assertRefused(
      Reason reason,
      MembershipVerifier verifier,
      Membership membership,
      NodeId presenter,
      Revocations revocations) {
    MembershipException e =
        assertThrows(
            MembershipException.class, () -> verifier.verify(membership, presenter, revocations));
    assertEquals(reason, e.reason());
  }

  private MembershipVerifier at(Instant when) {
    return new MembershipVerifier(mesh.id(), InstantSource.fixed(when));
  }

  private Membership issue(MeshKey key, NodeId member) {
    return Membership.issue(key, member, "laptop-1", grants, InstantSource.fixed(NOW), DAY, random);
  }

  private Membership withGrants(List<Grant> some) {
    return Membership.issue(mesh, node, "full", some, InstantSource.fixed(NOW), DAY, random);
  }

  private static int indexOf(byte[] bytes, String text) {
    int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf(text);
    assertTrue(at >= 0);
    return at;
  }
}
