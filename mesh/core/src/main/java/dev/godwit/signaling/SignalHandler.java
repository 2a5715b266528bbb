package dev.godwit.signaling;

import dev.godwit.identity.NodeId;
import dev.godwit.seal.InstanceId;
import dev.godwit.signaling.proto.Signal;
import java.util.Optional;

/** Answers what other nodes ask. */
@FunctionalInterface
public interface SignalHandler {

  /**
   * Called on a virtual thread of its own; may block. Who asks is proven; whether the node may ask
   * this, in particular whether it is a member, is for the handler to judge.
   *
   * @param from the node that signed the request
   * @param fromInstance the process of it that asks, proven as well
   * @param request its body; id and certificate are Signaling's business
   * @return the body of the reply (id and certificate are filled in), or empty when there is none:
   *     the asking side is then told so
   */
  Optional<Signal> answer(NodeId from, InstanceId fromInstance, Signal request);

  /**
   * Whether a node has shown before that it is welcome. What strangers send takes no room away from
   * those who have. Called on the thread that reads from the hub; must not block.
   *
   * @param from whom the hub names as the sender
   */
  default boolean isKnown(NodeId from) {
    return false;
  }
}
