package dev.godwit.session;

import dev.godwit.stream.Path;

/** What a session is doing; shown to people by everything that has a session. */
public sealed interface SessionState {

  /** Requests flow over this path. */
  record Connected(Path path) implements SessionState {}

  /** On purpose without a connection; requests wait. */
  record Paused() implements SessionState {}

  /**
   * The connection is gone; a new one is being made and requests wait.
   *
   * @param cause what happened to the old one
   * @param attempts how many attempts have failed so far
   */
  record Recovering(String cause, int attempts) implements SessionState {}

  /** Over; every request fails. */
  record Closed(String reason) implements SessionState {}
}
