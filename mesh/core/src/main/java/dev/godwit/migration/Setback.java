package dev.godwit.migration;

import java.time.Duration;

/**
 * Remembers why the last migration from a seeder came to nothing. One thread notes it; any may ask.
 */
final class Setback {
  private final Duration leecherTimeout;
  private volatile String why = "";

  /**
   * None so far.
   *
   * @param leecherTimeout how long a leecher may be silent, for messages
   */
  Setback(Duration leecherTimeout) {
    this.leecherTimeout = leecherTimeout;
  }

  /** A sentence without a point; empty when there was none, or nobody said why. */
  String why() {
    return why;
  }

  /** Keeps the reason if the event has the state stay; what is late or wrong does nothing. */
  void note(SeederState before, SeederState next, SeederEvent event) {
    boolean comesBack = next instanceof SeederState.Idle || next instanceof SeederState.Returning;
    if (before instanceof SeederState.Idle || !comesBack) {
      return;
    }
    switch (event) {
      case SeederEvent.SuspendFailed(String reason) -> why = reason;
      case SeederEvent.JournalFailed(String reason) ->
          why = "the hand-over could not be journaled: " + reason;
      case SeederEvent.DeclineAsked(var _, var _, String reason) -> why = overThere(reason);
      case SeederEvent.AbortAsked(var _, String reason) -> why = overThere(reason);
      case SeederEvent.LeecherLost _ ->
          why = "nothing was heard of the other node for " + leecherTimeout.toSeconds() + " s";
      default -> {}
    }
  }

  /** So that nobody looks for it on this machine. */
  private static String overThere(String reason) {
    return "the other node says: " + reason;
  }
}
