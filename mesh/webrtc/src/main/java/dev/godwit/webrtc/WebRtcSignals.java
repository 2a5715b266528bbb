package dev.godwit.webrtc;

import dev.godwit.identity.NodeId;
import java.io.IOException;

/**
 * Carries the messages by which two nodes agree on a connection. Whoever carries them can make the
 * agreement fail, but not be taken for a peer: what matters is signed. They tell addresses, so they
 * should be sealed to the receiver. Those of one sender arrive in order.
 */
@FunctionalInterface
public interface WebRtcSignals {

  /**
   * Sends a message, which is to come out of {@link WebRtcTransport#received} there. May block for
   * a bounded time.
   *
   * @param address which of the peer's processes is meant, as its {@link WebRtcTransport#addresses}
   *     say
   * @param message at most {@link WebRtcTransport#MAX_SIGNAL} bytes
   * @throws IOException when it cannot be sent
   */
  void send(NodeId peer, String address, byte[] message) throws IOException;
}
