package dev.godwit.node;

import dev.godwit.path.PathPolicy;
import dev.godwit.quic.QuicSettings;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;

/**
 * How a node is run.
 *
 * @param listen where its UDP and TCP sockets are bound; port 0 lets the system choose
 * @param quic how QUIC is tuned
 * @param hubPatience how long to wait for the hub at the start
 * @param policy which ways to peers may be used
 */
public record NodeSettings(
    InetSocketAddress listen, QuicSettings quic, Duration hubPatience, PathPolicy policy) {

  /** All addresses, any port, ten seconds for the hub, every way. */
  public static NodeSettings standard() {
    try {
      return new NodeSettings(
          new InetSocketAddress(InetAddress.getByAddress(new byte[4]), 0),
          QuicSettings.STANDARD,
          Duration.ofSeconds(10),
          PathPolicy.ANY);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("four bytes are an address", e);
    }
  }

  /** With another address to listen on. */
  public NodeSettings withListen(InetSocketAddress other) {
    return new NodeSettings(other, quic, hubPatience, policy);
  }

  /** With other ways. */
  public NodeSettings withPolicy(PathPolicy other) {
    return new NodeSettings(listen, quic, hubPatience, other);
  }
}
