package dev.godwit.hub;

import dev.godwit.seal.SealedBox;
import java.time.Duration;

/**
 * What a hub grants. All positive.
 *
 * @param connectionsPerAddress open connections of one IPv4 address or IPv6 /64
 * @param loginsPerMinutePerAddress logins of one address, whether they succeed or not
 * @param messagesPerSecond what one node may send in the long run, over all its connections; twice
 *     as much in a burst
 * @param messageBytes the largest frame; a sealed box and its address must fit
 * @param instancesPerNode logins of one node at a time
 * @param totalInstances logins at a time
 * @param queuedBytes what may wait for one receiver before it counts as too slow
 * @param revocationBytes what all lists of revocations together may occupy
 * @param login the time from the connection to the end of the login
 * @param idle a connection on which nothing arrives for this long is closed
 * @param partner how long one node of a relayed connection waits for the other
 */
public record HubLimits(
    int connectionsPerAddress,
    int loginsPerMinutePerAddress,
    int messagesPerSecond,
    int messageBytes,
    int instancesPerNode,
    int totalInstances,
    int queuedBytes,
    long revocationBytes,
    Duration login,
    Duration idle,
    Duration partner) {

  private static final int KIB = 1024;

  /** Checks the ranges. */
  public HubLimits {
    if (connectionsPerAddress <= 0
        || loginsPerMinutePerAddress <= 0
        || messagesPerSecond <= 0
        || instancesPerNode <= 0
        || totalInstances <= 0
        || revocationBytes <= 0
        || !login.isPositive()
        || !idle.isPositive()
        || !partner.isPositive()) {
      throw new IllegalArgumentException("Every limit of a hub is positive.");
    }
    if (messageBytes < SealedBox.MAX_BOX_BYTES + KIB) {
      throw new IllegalArgumentException("A sealed box must fit into a message.");
    }
    if (queuedBytes < 2 * messageBytes) {
      throw new IllegalArgumentException("Two messages must fit into a receiver's queue.");
    }
  }

  /** Enough for a few thousand nodes on a small machine. */
  public static HubLimits defaults() {
    return new HubLimits(
        256,
        240,
        100,
        80 * KIB,
        16,
        10_000,
        KIB * KIB,
        16L * KIB * KIB,
        Duration.ofSeconds(10),
        Duration.ofSeconds(60),
        Duration.ofSeconds(15));
  }

  /** With another number of connections per address. */
  public HubLimits withConnectionsPerAddress(int connections) {
    return new HubLimits(
        connections,
        loginsPerMinutePerAddress,
        messagesPerSecond,
        messageBytes,
        instancesPerNode,
        totalInstances,
        queuedBytes,
        revocationBytes,
        login,
        idle,
        partner);
  }

  /** With another number of logins per minute. */
  public HubLimits withLoginsPerMinutePerAddress(int logins) {
    return new HubLimits(
        connectionsPerAddress,
        logins,
        messagesPerSecond,
        messageBytes,
        instancesPerNode,
        totalInstances,
        queuedBytes,
        revocationBytes,
        login,
        idle,
        partner);
  }

  /** With another number of messages per second. */
  public HubLimits withMessagesPerSecond(int messages) {
    return new HubLimits(
        connectionsPerAddress,
        loginsPerMinutePerAddress,
        messages,
        messageBytes,
        instancesPerNode,
        totalInstances,
        queuedBytes,
        revocationBytes,
        login,
        idle,
        partner);
  }

  /** With another number of instances per node and in total. */
  public HubLimits withInstances(int perNode, int total) {
    return new HubLimits(
        connectionsPerAddress,
        loginsPerMinutePerAddress,
        messagesPerSecond,
        messageBytes,
        perNode,
        total,
        queuedBytes,
        revocationBytes,
        login,
        idle,
        partner);
  }

  /** With other times for the login and for silence. */
  public HubLimits withTimes(Duration otherLogin, Duration otherIdle) {
    return new HubLimits(
        connectionsPerAddress,
        loginsPerMinutePerAddress,
        messagesPerSecond,
        messageBytes,
        instancesPerNode,
        totalInstances,
        queuedBytes,
        revocationBytes,
        otherLogin,
        otherIdle,
        partner);
  }

  /** With another time to wait for the other node of a relayed connection. */
  public HubLimits withPartner(Duration otherPartner) {
    return new HubLimits(
        connectionsPerAddress,
        loginsPerMinutePerAddress,
        messagesPerSecond,
        messageBytes,
        instancesPerNode,
        totalInstances,
        queuedBytes,
        revocationBytes,
        login,
        idle,
        otherPartner);
  }
}
