package dev.godwit.session;

import dev.godwit.identity.NodeId;
import dev.godwit.wire.proto.Hello;
import java.nio.ByteBuffer;

/** Who we are towards peers, and which peers are welcome. Thread-safe. */
public interface Admission {

  /** Our greeting: membership, versions of the protocol and of the revocations. */
  Hello hello();

  /**
   * Judges a peer's greeting.
   *
   * @param id the identity that the transport proved
   * @throws RemoteException when it is not welcome; the message says why and is sent to it
   */
  Peer admit(NodeId id, Hello hello) throws RemoteException;

  /** The newest list of revocations that we have, to be read only. */
  ByteBuffer revocations();

  /**
   * Takes a list over that a peer sent, if it is newer than ours.
   *
   * @param encoded a list; it may be anything
   * @throws RemoteException when it is no list of our mesh
   */
  void learn(byte[] encoded) throws RemoteException;
}
