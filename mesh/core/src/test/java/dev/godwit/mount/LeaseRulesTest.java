package dev.godwit.mount;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.godwit.identity.Identity;
import dev.godwit.identity.NodeId;
import dev.godwit.mount.LeaseRules.Claim;
import dev.godwit.mount.LeaseRules.Decision;
import dev.godwit.wire.proto.Failure;
import java.security.SecureRandom;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class LeaseRulesTest {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Duration LEFT = Duration.ofSeconds(10);

  private final NodeId bob = Identity.generate(RANDOM).id();
  private final NodeId carol = Identity.generate(RANDOM).id();
  private final MountId mount = MountId.random(RANDOM);
  private final MountId other = MountId.random(RANDOM);

  private Claim claim(long known, boolean onlyUnchanged) {
    return new Claim(mount, bob, "bob", known, onlyUnchanged);
  }

  private Lease.Held held(long generation) {
    return new Lease.Held(generation, mount, bob, "bob");
  }

  private static Decision.Granted granted(Decision decision) {
    return assertInstanceOf(Decision.Granted.class, decision);
  }

  private static Failure.Code refused(Decision decision) {
    return assertInstanceOf(Decision.Refused.class, decision).code();
  }

  @Test
  void theFirstOneGetsIt() {
    assertEquals(
        new Decision.Granted(held(1), true),
        LeaseRules.decide(new Lease.Free(0), LEFT, claim(0, false)));
  }

  @Test
  void whoHasItKeepsIt() {
    assertEquals(
        new Decision.Granted(held(4), true), LeaseRules.decide(held(4), LEFT, claim(4, true)));
    assertEquals(
        new Decision.Granted(held(4), true),
        LeaseRules.decide(held(4), Duration.ZERO, claim(4, true)));
  }

  @Test
  void nobodyElseGetsItWhileItRuns() {
    Lease.Held ofCarol = new Lease.Held(4, other, carol, "carol");
    assertEquals(Failure.Code.BUSY, refused(LeaseRules.decide(ofCarol, LEFT, claim(0, false))));
  }

  @Test
  void theSameNameOnAnotherNodeIsSomebodyElse() {
    Lease.Held ofCarol = new Lease.Held(4, mount, carol, "carol");
    assertEquals(Failure.Code.BUSY, refused(LeaseRules.decide(ofCarol, LEFT, claim(0, false))));
  }

  @Test
  void whenItHasRunOutTheNextOneGetsAHigherGeneration() {
    Lease.Held ofCarol = new Lease.Held(4, other, carol, "carol");
    Decision.Granted next = granted(LeaseRules.decide(ofCarol, Duration.ZERO, claim(4, false)));
    assertEquals(new Decision.Granted(held(5), false), next);
  }

  @Test
  void whoHasUnsavedBytesDoesNotGetItAfterSomebodyElse() {
    assertEquals(
        Failure.Code.CONFLICT, refused(LeaseRules.decide(new Lease.Free(5), LEFT, claim(4, true))));
    Lease.Held ofCarol = new Lease.Held(4, other, carol, "carol");
    assertEquals(
        Failure.Code.CONFLICT, refused(LeaseRules.decide(ofCarol, Duration.ZERO, claim(4, true))));
  }

  @Test
  void whatNobodyElseHadSinceIsUnchanged() {
    assertEquals(
        new Decision.Granted(held(5), true),
        LeaseRules.decide(new Lease.Free(4), LEFT, claim(4, true)));
    assertEquals(
        new Decision.Granted(held(5), false),
        LeaseRules.decide(new Lease.Free(4), LEFT, claim(3, false)));
  }

  @Test
  void anOwnerThatHasGoneBackInTimeIsNoticed() {
    assertEquals(
        Failure.Code.CONFLICT,
        refused(LeaseRules.decide(new Lease.Free(3), LEFT, claim(4, false))));
    assertEquals(Failure.Code.CONFLICT, refused(LeaseRules.decide(held(3), LEFT, claim(4, false))));
  }
}
