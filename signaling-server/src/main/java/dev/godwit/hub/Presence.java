package dev.godwit.hub;

import dev.godwit.identity.NodeId;
import dev.godwit.limit.TokenBucket;
import dev.godwit.membership.MeshId;
import dev.godwit.seal.InstanceId;
import dev.godwit.signaling.RelayPass;
import dev.godwit.signaling.proto.FromHub;
import dev.godwit.signaling.proto.PresenceUpdate;
import dev.godwit.signaling.proto.RefusalCode;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Who is logged in. Everybody of a mesh hears of joins and departures in the order in which they
 * happen. Safe for use by many threads; the lock is held while messages are put into outlets, which
 * is no I/O.
 */
final class Presence {

  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final Duration FULL_RETRY = Duration.ofSeconds(30);

  private final HubLimits limits;
  private final InstantSource clock;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<NodeId, NodeEntry> nodes = new HashMap<>();
  private final Map<MeshId, Map<InstanceKey, Member>> meshes = new HashMap<>();
  private final Map<RelayPass, Member> passes = new HashMap<>();
  private final Losses losses;
  private int instances;

  /** How a login ends. */
  enum Parting {
    /** The node said that it goes. */
    GOODBYE,
    /** It did not, and may be back in a moment. */
    LOST
  }

  private record InstanceKey(NodeId node, InstanceId instance) {}

  private static final class NodeEntry {
    private final TokenBucket messages;
    private final Map<InstanceId, Member> instances = new LinkedHashMap<>();

    NodeEntry(TokenBucket messages) {
      this.messages = messages;
    }
  }

  /** How many there are of what. */
  record Counts(int nodes, int instances, int meshes) {}

  /**
   * A successful login.
   *
   * @param member the new one
   * @param replaced an older login of the same process, which is to be closed
   */
  record Joined(Member member, Optional<Member> replaced) {}

  Presence(HubLimits limits, InstantSource clock) {
    this.limits = limits;
    this.clock = clock;
    this.losses = new Losses(clock);
  }

  /**
   * Enters a login and tells the others.
   *
   * @param pass what the node was given for relayed connections
   * @param welcome what the new one hears before anything else
   */
  Joined join(VerifiedLogin login, RelayPass pass, Outlet outlet, FromHub welcome) throws Refused {
    lock.lock();
    try {
      NodeEntry entry = nodes.get(login.node());
      Member old = entry == null ? null : entry.instances.get(login.instance());
      if (old == null) {
        requireRoom(login, entry);
      } else {
        remove(old);
      }
      NodeEntry current =
          nodes.computeIfAbsent(
              login.node(),
              node ->
                  entry != null
                      ? entry
                      : new NodeEntry(
                          new TokenBucket(
                              clock,
                              2 * limits.messagesPerSecond(),
                              limits.messagesPerSecond(),
                              SECOND)));
      Member member = new Member(login, pass, clock.instant(), outlet, current.messages);
      outlet.send(welcome);
      broadcast(
          login.mesh(),
          FromHub.newBuilder()
              .setPresence(PresenceUpdate.newBuilder().setJoined(member.toInstance()))
              .build());
      passes.put(pass, member);
      current.instances.put(login.instance(), member);
      meshes
          .computeIfAbsent(login.mesh(), mesh -> new LinkedHashMap<>())
          .put(new InstanceKey(login.node(), login.instance()), member);
      instances++;
      return new Joined(member, Optional.ofNullable(old));
    } finally {
      lock.unlock();
    }
  }

  private void requireRoom(VerifiedLogin login, @Nullable NodeEntry entry) throws Refused {
    if (entry != null && entry.instances.size() >= limits.instancesPerNode()) {
      throw new Refused(
          RefusalCode.REFUSAL_CODE_TOO_MANY_INSTANCES,
          limits.instancesPerNode()
              + " processes of "
              + login.node().shortForm()
              + " are logged in already, which is the limit.",
          FULL_RETRY);
    }
    if (instances >= limits.totalInstances()) {
      throw new Refused(
          RefusalCode.REFUSAL_CODE_HUB_FULL,
          "The hub is full: " + limits.totalInstances() + " processes are logged in.",
          FULL_RETRY);
    }
  }

  /** Takes a login out and tells the others, unless it was replaced before. */
  void leave(Member member, Parting parting) {
    lock.lock();
    try {
      NodeEntry entry = nodes.get(member.login().node());
      if (entry == null || entry.instances.get(member.login().instance()) != member) {
        return;
      }
      remove(member);
      if (parting == Parting.LOST) {
        losses.add(member.login().mesh());
      }
      broadcast(
          member.login().mesh(),
          FromHub.newBuilder()
              .setPresence(PresenceUpdate.newBuilder().setLeft(member.toDeparture()))
              .build());
    } finally {
      lock.unlock();
    }
  }

  private void remove(Member member) {
    VerifiedLogin login = member.login();
    passes.remove(member.pass());
    NodeEntry entry = nodes.get(login.node());
    if (entry != null) {
      entry.instances.remove(login.instance());
      if (entry.instances.isEmpty()) {
        nodes.remove(login.node());
      }
    }
    Map<InstanceKey, Member> mesh = meshes.get(login.mesh());
    if (mesh != null) {
      mesh.remove(new InstanceKey(login.node(), login.instance()));
      if (mesh.isEmpty()) {
        meshes.remove(login.mesh());
      }
    }
    instances--;
  }

  /** Sends to everybody who logged in with this mesh. */
  void broadcast(MeshId mesh, FromHub message) {
    byte[] encoded = message.toByteArray();
    lock.lock();
    try {
      for (Member member : members(mesh)) {
        member.outlet().send(encoded);
      }
    } finally {
      lock.unlock();
    }
  }

  private Collection<Member> members(MeshId mesh) {
    Map<InstanceKey, Member> members = meshes.get(mesh);
    return members == null ? List.of() : members.values();
  }

  /** Who was given this pass and is still logged in. */
  Optional<Member> holding(RelayPass pass) {
    lock.lock();
    try {
      return Optional.ofNullable(passes.get(pass));
    } finally {
      lock.unlock();
    }
  }

  /** Sends to everybody. */
  void broadcast(FromHub message) {
    byte[] encoded = message.toByteArray();
    lock.lock();
    try {
      for (Member member : passes.values()) {
        member.outlet().send(encoded);
      }
    } finally {
      lock.unlock();
    }
  }

  /** All logins of a node. */
  List<Member> of(NodeId node) {
    lock.lock();
    try {
      NodeEntry entry = nodes.get(node);
      return entry == null ? List.of() : List.copyOf(entry.instances.values());
    } finally {
      lock.unlock();
    }
  }

  /** All logins with a mesh. */
  List<Member> of(MeshId mesh) {
    lock.lock();
    try {
      return List.copyOf(members(mesh));
    } finally {
      lock.unlock();
    }
  }

  /** Whether everybody of a mesh who is not logged in is gone as far as the hub knows. */
  boolean isSettled(MeshId mesh) {
    lock.lock();
    try {
      return !losses.isRecent(mesh);
    } finally {
      lock.unlock();
    }
  }

  Counts counts() {
    lock.lock();
    try {
      return new Counts(nodes.size(), instances, meshes.size());
    } finally {
      lock.unlock();
    }
  }
}
