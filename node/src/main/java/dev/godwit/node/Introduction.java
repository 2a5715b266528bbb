package dev.godwit.node;

/** What came of asking a process who it is. */
sealed interface Introduction {
  /** It is one of a member. */
  record Made(PeerView view) implements Introduction {}

  /** What it answered does not prove that. */
  record Unproven() implements Introduction {}

  /** It has not answered in time. */
  record Missing() implements Introduction {}
}
