package dev.godwit.signaling;

import dev.godwit.identity.NodeId;
import dev.godwit.seal.InstanceId;

/** A change among those who logged in with the same mesh; the hub's word. */
public sealed interface PresenceEvent {

  /** The process logged in, or renewed its login. */
  record Joined(PresentInstance instance) implements PresenceEvent {}

  /** The process is gone. */
  record Left(NodeId node, InstanceId instance) implements PresenceEvent {}
}
