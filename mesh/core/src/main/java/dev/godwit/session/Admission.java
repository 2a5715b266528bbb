package dev.godwit.session;

import dev.godwit.identity.NodeId;
import dev.godwit.wire.proto.Hello;

/** Who we are towards peers, and which peers are welcome. Thread-safe. */
public interface Admission {

  /** Our greeting: membership, revocations, versions. */
  Hello hello();

  /**
   * Judges a peer's greeting.
   *
   * @param id the identity that the transport proved
   * @throws RemoteException when it is not welcome; the message says why and is sent to it
   */
  Peer admit(NodeId id, Hello hello) throws RemoteException;
}
