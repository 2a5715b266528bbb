package dev.godwit.session;

import dev.godwit.identity.NodeId;
import dev.godwit.membership.Capability;
import dev.godwit.membership.Membership;
import dev.godwit.wire.proto.Failure;
import java.util.Locale;

/**
 * Who is on the other end of a connection: a proven identity and a verified membership.
 *
 * @param id the proven identity
 * @param membership the certificate that admits it to our mesh
 */
public record Peer(NodeId id, Membership membership) {

  /**
   * Passes when the membership grants {@code capability} on {@code resource}.
   *
   * @throws RemoteException otherwise
   */
  public void require(String resource, Capability capability) throws RemoteException {
    if (!membership.allows(resource, capability)) {
      throw new RemoteException(
          Failure.Code.NOT_ALLOWED,
          membership.name()
              + " may not "
              + capability.name().toLowerCase(Locale.ROOT)
              + " "
              + resource);
    }
  }
}
