package dev.godwit.node;

import dev.godwit.path.AddressText;
import dev.godwit.path.PathPolicy;
import dev.godwit.quic.QuicSettings;
import java.net.InetSocketAddress;
import java.time.Duration;

/**
 * How a node is run.
 *
 * @param listen where its UDP and TCP sockets are bound; port 0 lets the system choose
 * @param quic how QUIC is tuned
 * @param hubPatience how long to wait for the hub at the start
 * @param policy which ways to peers may be used
 * @param stay whether it is worth to make this node known around it
 * @param waits told what the node waits for
 */
public record NodeSettings(
    InetSocketAddress listen,
    QuicSettings quic,
    Duration hubPatience,
    PathPolicy policy,
    Stay stay,
    Wait.Listener waits) {

  /** How long a node is going to be there. */
  public enum Stay {
    /** For a question or two. */
    BRIEF,
    /**
     * For a while: it asks its router for open ports and announces itself in its LAN. Not so when
     * its hub is on this machine, since then nobody outside can look for it.
     */
    LONG
  }

  /** All addresses, any port, ten seconds for the hub, every way. */
  public static NodeSettings standard() {
    return new NodeSettings(
        new InetSocketAddress(AddressText.everywhere(), 0),
        QuicSettings.STANDARD,
        Duration.ofSeconds(10),
        PathPolicy.ANY,
        Stay.BRIEF,
        Wait.Listener.NONE);
  }

  /** With another address to listen on. */
  public NodeSettings withListen(InetSocketAddress other) {
    return new NodeSettings(other, quic, hubPatience, policy, stay, waits);
  }

  /** With other ways. */
  public NodeSettings withPolicy(PathPolicy other) {
    return new NodeSettings(listen, quic, hubPatience, other, stay, waits);
  }

  /** With another patience for the hub at the start. */
  public NodeSettings withHubPatience(Duration other) {
    return new NodeSettings(listen, quic, other, policy, stay, waits);
  }

  /** For a node that stays. */
  public NodeSettings staying() {
    return new NodeSettings(listen, quic, hubPatience, policy, Stay.LONG, waits);
  }

  /** With somebody who is told what the node waits for. */
  public NodeSettings withWaits(Wait.Listener other) {
    return new NodeSettings(listen, quic, hubPatience, policy, stay, other);
  }
}
