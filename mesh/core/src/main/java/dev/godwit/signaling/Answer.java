package dev.godwit.signaling;

import dev.godwit.identity.NodeId;
import dev.godwit.seal.InstanceId;
import dev.godwit.signaling.proto.Signal;

/**
 * A reply and who gave it.
 *
 * @param from the node that signed it
 * @param instance the process that was asked
 * @param signal the reply
 */
public record Answer(NodeId from, InstanceId instance, Signal signal) {

  /** Whether the reply is neither a failure nor a refusal. */
  public boolean isPositive() {
    return switch (signal.getBodyCase()) {
      case INTRODUCE_REPLY -> true;
      case CONNECT_REPLY -> signal.getConnectReply().getFailure().isEmpty();
      case JOIN_REPLY -> signal.getJoinReply().hasMembership();
      default -> false;
    };
  }

  /** Names the sender and the kind; contents may be secret. */
  @Override
  public String toString() {
    return "Answer[" + signal.getBodyCase() + " of " + from.shortForm() + "]";
  }
}
