package dev.godwit.membership;

import dev.godwit.identity.NodeId;
import dev.godwit.membership.MembershipException.Reason;
import java.time.Instant;
import java.time.InstantSource;

/**
 * Decides whether a node is a member of one mesh, now. Immutable, hence safe for use by many
 * threads.
 */
public final class MembershipVerifier {

  private final MeshId mesh;
  private final InstantSource clock;

  /** Judges members of this mesh by this clock. */
  public MembershipVerifier(MeshId mesh, InstantSource clock) {
    this.mesh = mesh;
    this.clock = clock;
  }

  /**
   * Returns when the presenter is a member.
   *
   * @param presenter the node that the transport proved the peer to be
   * @param revocations the newest list of the mesh that is known here
   */
  public void verify(Membership membership, NodeId presenter, Revocations revocations)
      throws MembershipException {
    checkOrigin(membership, revocations);
    if (!membership.node().equals(presenter)) {
      throw new MembershipException(
          Reason.OTHER_NODE,
          "The membership is that of "
              + membership.node()
              + ", but "
              + presenter
              + " presents it.");
    }
    checkBegin(membership);
    verifyStill(membership, revocations);
  }

  /**
   * Returns when a membership that was verified once is good now: it has not ended, and was not
   * revoked. That it has begun is known, even if the clock was set back. Costs next to nothing.
   *
   * @param revocations the newest list of the mesh that is known here
   */
  public void verifyStill(Membership membership, Revocations revocations)
      throws MembershipException {
    checkEnd(membership);
    if (revocations.isRevoked(membership.node()) || revocations.isRevoked(membership.serial())) {
      throw new MembershipException(
          Reason.REVOKED, "The mesh revoked the membership of " + called(membership) + ".");
    }
  }

  private void checkOrigin(Membership membership, Revocations revocations)
      throws MembershipException {
    if (!membership.mesh().equals(mesh)) {
      throw new MembershipException(
          Reason.WRONG_MESH,
          "The membership is one of " + membership.mesh() + ", not of " + mesh + ".");
    }
    if (!revocations.mesh().equals(mesh)) {
      throw new MembershipException(
          Reason.WRONG_MESH,
          "The list of revocations is that of " + revocations.mesh() + ", not of " + mesh + ".");
    }
    if (!membership.isSigned()) {
      throw new MembershipException(
          Reason.BAD_SIGNATURE,
          "The membership of " + called(membership) + " is not signed by the mesh's key.");
    }
  }

  private void checkBegin(Membership membership) throws MembershipException {
    Instant now = clock.instant();
    if (now.isBefore(membership.notBefore())) {
      throw new MembershipException(
          Reason.NOT_YET_VALID,
          "The membership of "
              + called(membership)
              + " begins at "
              + membership.notBefore()
              + ", and it is "
              + now
              + ": compare the clocks.");
    }
  }

  private void checkEnd(Membership membership) throws MembershipException {
    Instant now = clock.instant();
    if (!now.isBefore(membership.expiry())) {
      throw new MembershipException(
          Reason.EXPIRED,
          "The membership of "
              + called(membership)
              + " ended at "
              + membership.expiry()
              + ": it needs a new one.");
    }
  }

  private static String called(Membership membership) {
    return membership.name() + " (" + membership.node().shortForm() + ")";
  }
}
