package dev.godwit.node;

import dev.godwit.quic.QuicSettings;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;

/**
 * How a node is run.
 *
 * @param listen where its UDP socket is bound; port 0 lets the system choose
 * @param quic how QUIC is tuned
 * @param hubPatience how long to wait for the hub at the start
 */
public record NodeSettings(InetSocketAddress listen, QuicSettings quic, Duration hubPatience) {

  /** All addresses, any port, ten seconds for the hub. */
  public static NodeSettings standard() {
    try {
      return new NodeSettings(
          new InetSocketAddress(InetAddress.getByAddress(new byte[4]), 0),
          QuicSettings.STANDARD,
          Duration.ofSeconds(10));
    } catch (UnknownHostException e) {
      throw new IllegalStateException("four bytes are an address", e);
    }
  }
}
