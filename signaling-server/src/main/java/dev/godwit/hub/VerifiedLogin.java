package dev.godwit.hub;

import dev.godwit.identity.HubFingerprint;
import dev.godwit.identity.Identity;
import dev.godwit.identity.NodeId;
import dev.godwit.membership.MeshId;
import dev.godwit.seal.InstanceId;
import dev.godwit.seal.SealException;
import dev.godwit.seal.SealingCertificate;
import dev.godwit.signaling.HubProtocol;
import dev.godwit.signaling.proto.Login;
import dev.godwit.signaling.proto.RefusalCode;
import java.time.InstantSource;

/** A login whose node is proven. Whether the node is a member of the mesh is not. */
record VerifiedLogin(
    NodeId node, MeshId mesh, InstanceId instance, SealingCertificate certificate) {

  /**
   * Proves who logs in.
   *
   * @param nonce the challenge of this connection
   * @throws Refused when it is not proven
   */
  static VerifiedLogin of(Login login, byte[] nonce, HubFingerprint hub, InstantSource clock)
      throws Refused {
    if (login.getVersion() != HubProtocol.VERSION) {
      throw new Refused(
          RefusalCode.REFUSAL_CODE_VERSION,
          "This hub speaks version " + HubProtocol.VERSION + " only.");
    }
    VerifiedLogin claimed;
    try {
      claimed =
          new VerifiedLogin(
              NodeId.of(login.getNode().toByteArray()),
              MeshId.of(login.getMesh().toByteArray()),
              InstanceId.of(login.getInstance().toByteArray()),
              SealingCertificate.parse(login.getSealingCertificate().toByteArray()));
      claimed.certificate.verify(claimed.node, clock);
    } catch (IllegalArgumentException e) {
      throw new Refused(
          RefusalCode.REFUSAL_CODE_MALFORMED, "The login makes no sense: " + e.getMessage());
    } catch (SealException e) {
      throw new Refused(
          RefusalCode.REFUSAL_CODE_BAD_LOGIN,
          e.getMessage() + " The hub's clock says " + clock.instant() + ".");
    }
    if (!claimed.certificate.instance().equals(claimed.instance)) {
      throw new Refused(
          RefusalCode.REFUSAL_CODE_BAD_LOGIN,
          "The sealing certificate is that of another instance of the node.");
    }
    byte[] signed =
        HubProtocol.signedByLogin(nonce, hub, claimed.mesh, claimed.instance, claimed.certificate);
    if (!Identity.verify(
        claimed.node, HubProtocol.LOGIN_CONTEXT, signed, login.getSignature().toByteArray())) {
      throw new Refused(
          RefusalCode.REFUSAL_CODE_BAD_LOGIN,
          "The login is not signed by "
              + claimed.node.shortForm()
              + " for this hub and this connection.");
    }
    return claimed;
  }
}
