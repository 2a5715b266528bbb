package dev.godwit.session;

/** Whether somebody who was welcome once still is: asked at every request. Thread-safe. */
@FunctionalInterface
public interface Authority {
  /** Takes everybody for welcome who was once. */
  Authority AS_ONCE = peer -> {};

  /**
   * Passes when the peer is a member now.
   *
   * @throws RemoteException when it was revoked, or its membership has ended
   */
  void check(Peer peer) throws RemoteException;
}
