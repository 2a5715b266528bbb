package dev.godwit.node;

import dev.godwit.identity.NodeId;
import java.io.IOException;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which nodes have proved to this one, now or in the past, that they are members. Says whom to ask
 * first; nobody is let in for it. Thread-safe.
 */
final class KnownMembers {
  private static final Logger LOG = LoggerFactory.getLogger(KnownMembers.class);

  private final NodeHome home;

  /** Of them this process has heard itself. */
  private final Set<NodeId> heard = ConcurrentHashMap.newKeySet();

  KnownMembers(NodeHome home) {
    this.home = home;
  }

  /** Those of now; other processes of the home may have added some. */
  Set<NodeId> nodes() {
    Set<NodeId> nodes = new HashSet<>(heard);
    try {
      nodes.addAll(home.knownMembers());
    } catch (IOException e) {
      LOG.debug("whom this node knows from earlier cannot be read", e);
    }
    return nodes;
  }

  /** A node has just shown a membership that is good. */
  void proved(NodeId member) {
    if (heard.add(member)) {
      try {
        home.know(member);
      } catch (IOException e) {
        LOG.debug("that {} is a member cannot be kept", member.shortForm(), e);
      }
    }
  }
}
