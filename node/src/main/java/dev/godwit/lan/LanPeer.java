package dev.godwit.lan;

import dev.godwit.seal.InstanceId;
import java.net.InetSocketAddress;
import java.util.List;

/**
 * A process that says it is of our mesh, and near. Who it is, and whether that is true, is proven
 * by the TLS handshake only.
 *
 * @param quic where it can be dialled by QUIC
 * @param tls where it can be dialled by TLS over TCP; empty when it does not listen there
 */
public record LanPeer(
    InstanceId instance, List<InetSocketAddress> quic, List<InetSocketAddress> tls) {
  /** Copies the lists. */
  public LanPeer {
    quic = List.copyOf(quic);
    tls = List.copyOf(tls);
  }
}
