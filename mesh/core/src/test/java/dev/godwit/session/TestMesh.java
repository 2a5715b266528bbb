package dev.godwit.session;

import dev.godwit.identity.Identity;
import dev.godwit.identity.NodeId;
import dev.godwit.membership.Capability;
import dev.godwit.membership.Grant;
import dev.godwit.membership.Membership;
import dev.godwit.membership.MeshKey;
import dev.godwit.membership.Revocations;
import dev.godwit.membership.Serial;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;

/** A mesh with real keys for tests of the layers above. */
public final class TestMesh {
  private static final SecureRandom RANDOM = new SecureRandom();

  private final InstantSource clock = InstantSource.system();
  private final MeshKey key = MeshKey.generate(RANDOM);
  private Revocations revocations = Revocations.none(key.id());

  /** A new mesh. */
  public TestMesh() {}

  /** A node with its keys and certificate. */
  public record Member(Identity identity, Membership membership, MeshAdmission admission) {
    /** Its id. */
    public NodeId id() {
      return identity.id();
    }
  }

  /** A member that may do everything. */
  public Member member(String name) {
    return member(name, List.of(new Grant("*", EnumSet.allOf(Capability.class))));
  }

  /** A member that may do what is granted. */
  public Member member(String name, List<Grant> grants) {
    Identity identity = Identity.generate(RANDOM);
    return member(identity, name, grants, clock, Duration.ofDays(1));
  }

  /** A member with a certificate of a given age. */
  public Member member(
      Identity identity, String name, List<Grant> grants, InstantSource issued, Duration lifetime) {
    Membership membership =
        Membership.issue(key, identity.id(), name, grants, issued, lifetime, RANDOM);
    return new Member(
        identity,
        membership,
        new MeshAdmission(membership, revocations, newer -> {}, clock, "test"));
  }

  /** The list that revokes so many certificates, and everything revoked before. */
  public Revocations revoke(int certificates) {
    List<Serial> serials = new ArrayList<>();
    for (int i = 0; i < certificates; i++) {
      serials.add(Serial.random(RANDOM));
    }
    revocations = revocations.revoke(key, serials, Instant.now());
    return revocations;
  }

  /** The list that revokes a node, and everything revoked before. */
  public Revocations revoke(NodeId node) {
    revocations = revocations.revoke(key, node, Instant.now());
    return revocations;
  }
}
