package dev.godwit.node;

import dev.godwit.identity.NodeId;
import java.util.concurrent.ConcurrentHashMap;

/** How much of something each member has under way at a time. Thread-safe. */
final class MemberQuota {
  private final int most;
  private final ConcurrentHashMap<NodeId, Integer> underWay = new ConcurrentHashMap<>();

  /**
   * @param most for one member
   */
  MemberQuota(int most) {
    this.most = most;
  }

  /** Whether a member may have one more, which it then has until {@link #end}. */
  boolean begin(NodeId member) {
    boolean[] room = new boolean[1];
    var _ =
        underWay.compute(
            member,
            (_, now) -> {
              int before = now == null ? 0 : now;
              room[0] = before < most;
              return room[0] ? before + 1 : before;
            });
    return room[0];
  }

  /** One of a member's is over. */
  void end(NodeId member) {
    var _ = underWay.computeIfPresent(member, (_, now) -> now == 1 ? null : now - 1);
  }
}
