package dev.godwit.nbd.kernel;

import java.time.Duration;

/**
 * How the kernel uses an NBD server.
 *
 * @param connections as many at once, if the server lets a client have several; 1 to 64
 * @param connect how long connecting and the handshake may take, positive
 * @param request how long the server may take for an answer before its connection counts as lost, a
 *     second at least. What was under way on a lost connection the kernel asks for again only when
 *     this time is over. It counts whole seconds
 * @param reconnect how long programs' accesses wait for a new connection when all are lost; then
 *     they fail. Not negative; the kernel counts whole seconds
 * @param way through which the kernel is told
 */
public record KernelNbdSettings(
    int connections, Duration connect, Duration request, Duration reconnect, Way way) {

  /** The kernel's two interfaces. */
  public enum Way {
    /** {@link #NETLINK} where the kernel has it (Linux 4.12), else {@link #IOCTL}. */
    BEST,
    /** Generic netlink; lost connections are replaced. */
    NETLINK,
    /** The older one: a thread of this process stays in the kernel; a loss is for good. */
    IOCTL
  }

  /** Four connections; 10, 30 and 30 seconds. */
  public static final KernelNbdSettings DEFAULT =
      new KernelNbdSettings(
          4, Duration.ofSeconds(10), Duration.ofSeconds(30), Duration.ofSeconds(30), Way.BEST);

  private static final int MOST_CONNECTIONS = 64;

  /** Rejects what the kernel cannot do. */
  public KernelNbdSettings {
    if (connections < 1
        || connections > MOST_CONNECTIONS
        || !connect.isPositive()
        || request.compareTo(Duration.ofSeconds(1)) < 0
        || reconnect.isNegative()) {
      throw new IllegalArgumentException(
          "settings " + connections + ", " + connect + ", " + request + ", " + reconnect);
    }
  }

  /** The same through another interface. */
  public KernelNbdSettings withWay(Way other) {
    return new KernelNbdSettings(connections, connect, request, reconnect, other);
  }

  /** The same with another number of connections. */
  public KernelNbdSettings withConnections(int other) {
    return new KernelNbdSettings(other, connect, request, reconnect, way);
  }

  /** The same with other waits for the server. */
  public KernelNbdSettings withWaits(Duration otherRequest, Duration otherReconnect) {
    return new KernelNbdSettings(connections, connect, otherRequest, otherReconnect, way);
  }
}
