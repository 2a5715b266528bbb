package dev.godwit.tls;

import dev.godwit.identity.NodeId;
import dev.godwit.signaling.CircuitId;
import java.io.IOException;

/** Tells a peer, sealed, of a circuit in which it is awaited. */
@FunctionalInterface
public interface Invitations {

  /**
   * Tells the peer; it calls {@link RelayTransport#accept} then.
   *
   * @param address one of the peer's {@link RelayTransport#addresses}
   * @throws IOException when the peer cannot be told
   */
  void invite(NodeId peer, String address, CircuitId circuit) throws IOException;
}
