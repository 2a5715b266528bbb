package dev.godwit.mount;

import dev.godwit.identity.NodeId;

/** Who may write a resource from another node. Generations grow by one with each new holder. */
sealed interface Lease {
  /** Of the last holder, 0 before the first. */
  long generation();

  /** Nobody may. */
  record Free(long generation) implements Lease {}

  /**
   * One mount may, until the lease runs out; and after that until somebody else wants it.
   *
   * @param mount which
   * @param node where it is
   * @param name of that node, for people
   */
  record Held(long generation, MountId mount, NodeId node, String name) implements Lease {}
}
