package dev.godwit.signaling;

import java.time.Instant;

/** Whether the hub can be used now. */
public sealed interface HubState {

  /** Logged in. */
  record Online(HubWelcome welcome) implements HubState {}

  /**
   * Not logged in; it is tried again.
   *
   * @param reason for people
   * @param nextAttempt when it is tried again; in the past while an attempt is being made
   */
  record Offline(String reason, Instant nextAttempt) implements HubState {}

  /** Not logged in, and it is not tried again. */
  record Ended(HubException reason) implements HubState {}
}
