package dev.godwit.migration;

/** What can happen to a leecher. Each event but the first ends an action of the same name. */
public sealed interface LeecherEvent {

  /** The user wants the state. */
  record Started() implements LeecherEvent {}

  /** The seeder records writes. */
  record Tracked() implements LeecherEvent {}

  /** Everything that was missing is here. */
  record Pulled() implements LeecherEvent {}

  /** The seeder said what was rewritten, and the policy said what to do next. */
  record RoundReceived(int round, FinalizePolicy.Decision decision) implements LeecherEvent {}

  /**
   * The seeder, which still has the state, does not know this migration any more: it was started
   * again, or has given us up.
   */
  record Forgotten(String reason) implements LeecherEvent {}

  /** The copy is durable. */
  record Flushed() implements LeecherEvent {}

  /** That we ask is durable. */
  record TokenJournaled() implements LeecherEvent {}

  /** The state is ours. */
  record HandedOver(long generation) implements LeecherEvent {}

  /** The seeder refused, or could not stop its program. It keeps the state. */
  record HandoverRefused(String reason) implements LeecherEvent {}

  /** That the state is ours is durable. */
  record HandoverJournaled() implements LeecherEvent {}

  /** The program runs here. */
  record Resumed() implements LeecherEvent {}

  /** The program could not be started, and nothing was written through the device. */
  record ResumeFailed(String reason) implements LeecherEvent {}

  /** The hook failed, but something was written through the device: the program lives here. */
  record ResumeFailedAfterWrites(String reason) implements LeecherEvent {}

  /** That we give the state back is durable. */
  record DeclineJournaled() implements LeecherEvent {}

  /** The seeder has the state again. */
  record Declined() implements LeecherEvent {}

  /** Everything is here and durable, and that is journaled. */
  record CompleteJournaled() implements LeecherEvent {}

  /** The seeder knows that we have everything. */
  record Released() implements LeecherEvent {}

  /** An action could not be carried out. */
  record Broke(String reason) implements LeecherEvent {}
}
