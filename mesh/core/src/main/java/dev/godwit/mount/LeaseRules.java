package dev.godwit.mount;

import dev.godwit.identity.NodeId;
import dev.godwit.wire.proto.Failure;
import java.time.Duration;

/**
 * Who gets the lease of a resource. Pure: the caller knows whether the present lease has run out,
 * and makes what is granted durable before it tells anyone.
 */
final class LeaseRules {
  private LeaseRules() {}

  /**
   * Somebody who wants to write.
   *
   * @param known the newest generation that it has seen; 0 when none
   * @param onlyUnchanged whether it wants the lease only when nobody else had it since
   */
  record Claim(MountId mount, NodeId node, String name, long known, boolean onlyUnchanged) {}

  /** The answer. */
  sealed interface Decision {
    /**
     * It has the lease.
     *
     * @param unchanged whether nobody else had it since the generation that it knows
     */
    record Granted(Lease.Held lease, boolean unchanged) implements Decision {}

    /** It has not, and why. */
    record Refused(Failure.Code code, String reason) implements Decision {}
  }

  /**
   * Decides about a claim.
   *
   * @param left how long the present lease still binds others; nothing or less when it does not
   */
  static Decision decide(Lease now, Duration left, Claim claim) {
    if (claim.known() > now.generation()) {
      return new Decision.Refused(
          Failure.Code.CONFLICT,
          "its state is older than what was mounted before (generation "
              + now.generation()
              + " after "
              + claim.known()
              + ")");
    }
    boolean same =
        now instanceof Lease.Held held
            && held.mount().equals(claim.mount())
            && held.node().equals(claim.node());
    if (same) {
      return new Decision.Granted((Lease.Held) now, claim.known() == now.generation());
    }
    if (now instanceof Lease.Held held && left.isPositive()) {
      return new Decision.Refused(Failure.Code.BUSY, busy(held, left));
    }
    boolean unchanged = claim.known() == now.generation() && now instanceof Lease.Free;
    if (claim.onlyUnchanged() && !unchanged) {
      return new Decision.Refused(
          Failure.Code.CONFLICT,
          "others have written since (generation "
              + now.generation()
              + " after "
              + claim.known()
              + ")");
    }
    return new Decision.Granted(
        new Lease.Held(now.generation() + 1, claim.mount(), claim.node(), claim.name()), unchanged);
  }

  /** What they are told who may not write now. */
  static String busy(Lease.Held held, Duration left) {
    return "it is being written by a mount on "
        + held.name()
        + "; if that is gone, its lease ends in "
        + left.plusMillis(999).toSeconds()
        + " s";
  }
}
