package dev.godwit.node;

import dev.godwit.identity.NodeId;
import dev.godwit.membership.Membership;
import dev.godwit.membership.Revocations;
import java.io.IOException;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Who is called what, as far as the node that made the mesh knows. A name that two members have
 * stands for neither of them, so it is given to one at a time.
 */
public final class MemberNames {
  private final NodeHome home;

  /**
   * The names in the mesh of a node.
   *
   * @param home of the node that made the mesh
   */
  public MemberNames(NodeHome home) {
    this.home = home;
  }

  /**
   * Passes when a name can be given to somebody.
   *
   * @throws NodeException when a member has it, or this node itself
   */
  void checkFree(String name, Instant now) throws IOException {
    Membership own = home.membership();
    if (own.name().equals(name)) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          "This node itself is called '" + name + "': " + own.node() + ". Choose another name.");
    }
    Optional<NodeId> holder = holder(name, now);
    if (holder.isPresent()) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          "A member is called '"
              + name
              + "' already: "
              + holder.get()
              + ". Choose another name, or shut that member out first: 'godwit mesh revoke "
              + name
              + "'.");
    }
  }

  /** Whether somebody else than a node has a name. */
  boolean isOfAnother(String name, NodeId node, Instant now) throws IOException {
    return holder(name, now).filter(holder -> !holder.equals(node)).isPresent();
  }

  private Optional<NodeId> holder(String name, Instant now) throws IOException {
    Revocations revocations = home.revocations(home.mesh().id());
    return home.members().stream()
        .filter(member -> member.name().equals(name) && isGood(member, revocations))
        .filter(member -> member.expiry().isAfter(now))
        .map(Membership::node)
        .findFirst();
  }

  private static boolean isGood(Membership member, Revocations revocations) {
    return !revocations.isRevoked(member.node()) && !revocations.isRevoked(member.serial());
  }

  /**
   * The member that a person means, by its name or its id. Of several with one name those count
   * that are not revoked.
   *
   * @throws NodeException when none is called so, or several are
   */
  public NodeId find(String node) throws IOException {
    Revocations revocations = home.revocations(home.mesh().id());
    List<Membership> named =
        home.members().stream().filter(member -> member.name().equals(node)).toList();
    List<Membership> good = named.stream().filter(member -> isGood(member, revocations)).toList();
    List<NodeId> ids =
        (good.isEmpty() ? named : good).stream().map(Membership::node).distinct().toList();
    if (ids.size() > 1) {
      throw ambiguous(node, ids, "godwit mesh members");
    }
    if (!ids.isEmpty()) {
      return ids.getFirst();
    }
    try {
      return NodeId.parse(node);
    } catch (IllegalArgumentException e) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          "No member is called '"
              + node
              + "', and it is no node id either; see 'godwit mesh members'.",
          e);
    }
  }

  /**
   * What to say of a name that stands for several nodes.
   *
   * @param listedBy the command that shows which is which
   */
  static NodeException ambiguous(String name, Collection<NodeId> nodes, String listedBy) {
    return new NodeException(
        NodeException.Kind.USAGE,
        "Several nodes are called '"
            + name
            + "'. Say which by its id, as '"
            + listedBy
            + "' lists it: "
            + nodes.stream()
                .map(NodeId::toString)
                .distinct()
                .sorted()
                .collect(Collectors.joining(" or "))
            + ".");
  }
}
