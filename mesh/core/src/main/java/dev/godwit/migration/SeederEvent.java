package dev.godwit.migration;

import dev.godwit.identity.NodeId;
import dev.godwit.identity.Octets;

/** What can happen to a seeder. */
public sealed interface SeederEvent {

  /**
   * A leecher wants the program's writes recorded.
   *
   * @param epoch a new name, for the tracking that may begin with this
   */
  record TrackAsked(NodeId leecher, MigrationId migration, Octets epoch) implements SeederEvent {}

  /**
   * The leecher closes round {@code round}, counted from 1.
   *
   * @param epoch of the tracking by which it has collected what it has
   */
  record RoundAsked(MigrationId migration, Octets epoch, int round) implements SeederEvent {}

  /**
   * The leecher wants the state.
   *
   * @param epoch as in {@link RoundAsked}
   */
  record FinalizeAsked(MigrationId migration, Octets epoch, MigrationId token)
      implements SeederEvent {}

  /** The program stands still, everything is flushed, the device is fenced. */
  record Suspended() implements SeederEvent {}

  /**
   * The program could not be stopped, or the device not flushed, or the state is not fit for it.
   *
   * @param reason which of these
   */
  record SuspendFailed(String reason) implements SeederEvent {}

  /** The hand-over is durable. */
  record HandoverJournaled() implements SeederEvent {}

  /** The hand-over could not be made durable, and no restart will find it. */
  record JournalFailed(String reason) implements SeederEvent {}

  /** Whether the hand-over is durable, only a restart tells. */
  record JournalUndecided(String reason) implements SeederEvent {}

  /**
   * The leecher gives the state back: its program never ran.
   *
   * @param reason the leecher's words
   */
  record DeclineAsked(MigrationId migration, MigrationId token, String reason)
      implements SeederEvent {}

  /** That the state is back is durable. */
  record ReturnJournaled() implements SeederEvent {}

  /** The leecher has everything, durably. */
  record ReleaseAsked(MigrationId migration, MigrationId token) implements SeederEvent {}

  /**
   * The leecher wants no more.
   *
   * @param reason the leecher's words
   */
  record AbortAsked(MigrationId migration, String reason) implements SeederEvent {}

  /** Nothing was heard of the leecher for longer than its deadline. */
  record LeecherLost(MigrationId migration) implements SeederEvent {}
}
