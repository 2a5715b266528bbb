package dev.godwit.signaling;

import dev.godwit.identity.NodeId;
import dev.godwit.seal.InstanceId;
import dev.godwit.seal.SealException;
import dev.godwit.seal.SealingCertificate;
import dev.godwit.signaling.proto.Instance;
import java.time.Instant;
import java.time.InstantSource;

/**
 * A process that is logged in at the hub, as the hub says: nothing of it is proven before {@link
 * #verifiedCertificate}.
 *
 * @param node whose process it is
 * @param instance which process
 * @param certificate its sealing key, not verified
 * @param since when it logged in, by the hub's clock
 */
public record PresentInstance(
    NodeId node, InstanceId instance, SealingCertificate certificate, Instant since) {

  static PresentInstance of(Instance instance) throws HubException {
    try {
      return new PresentInstance(
          NodeId.of(instance.getNode().toByteArray()),
          InstanceId.of(instance.getInstance().toByteArray()),
          SealingCertificate.parse(instance.getSealingCertificate().toByteArray()),
          Instant.ofEpochMilli(instance.getSince()));
    } catch (SealException | IllegalArgumentException e) {
      throw new HubException(
          HubException.Reason.PROTOCOL,
          "What the hub says about an instance makes no sense: " + e.getMessage(),
          e);
    }
  }

  /**
   * The certificate once it is proven to be that of this node and instance.
   *
   * @throws SignalingException when the hub presented another key
   */
  public SealingCertificate verifiedCertificate(InstantSource clock) throws SignalingException {
    try {
      certificate.verify(node, clock);
    } catch (SealException e) {
      throw new SignalingException(
          SignalingException.Reason.FORGED,
          "The key that the hub presents for "
              + node.shortForm()
              + " is not usable, nothing was sent: "
              + e.getMessage(),
          e);
    }
    if (!certificate.instance().equals(instance)) {
      throw new SignalingException(
          SignalingException.Reason.FORGED,
          "The hub presents the key of another process of " + node.shortForm() + ".");
    }
    return certificate;
  }
}
