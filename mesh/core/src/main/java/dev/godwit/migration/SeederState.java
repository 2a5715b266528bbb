package dev.godwit.migration;

import dev.godwit.identity.NodeId;
import dev.godwit.identity.Octets;
import java.util.Optional;

/** What a seeder is doing. Each state carries what its transitions need and nothing else. */
public sealed interface SeederState {
  /** The word for a state that belongs to the leecher while our copy serves it. */
  String HANDED_OVER = "handed-over";

  /** The generation that this node's program runs on, or last ran on. */
  long generation();

  /**
   * The program runs here and nobody takes it away.
   *
   * @param ended the migrations that are over
   */
  record Idle(long generation, EndedMigrations ended) implements SeederState {}

  /**
   * The program runs here, and what it writes is recorded for a leecher.
   *
   * @param epoch its name: after a restart the same migration may be tracked again, without what
   *     was written before
   * @param round how many rounds have been closed
   * @param ended the migrations that are over
   */
  record Tracking(
      long generation,
      MigrationId migration,
      NodeId leecher,
      Octets epoch,
      int round,
      EndedMigrations ended)
      implements SeederState {}

  /**
   * The program is being stopped, or stands still; the hand-over is not durable yet, so it can
   * still be taken back.
   *
   * @param ended the migrations that are over
   */
  record Finalized(
      long generation,
      MigrationId migration,
      NodeId leecher,
      MigrationId token,
      Phase phase,
      EndedMigrations ended)
      implements SeederState {}

  /** How far a finalize has come. */
  enum Phase {
    /** The hook is stopping the program, the device is being flushed and fenced. */
    SUSPENDING,
    /** The program stands still; the hand-over is being journaled. */
    JOURNALING
  }

  /**
   * The journal failed at the hand-over, so whether the state belongs to the leecher is known only
   * when the journal is read again. Nobody may use it until then.
   *
   * @param reason what failed
   */
  record Undecided(
      long generation, MigrationId migration, NodeId leecher, MigrationId token, String reason)
      implements SeederState {}

  /**
   * The state belongs to the leecher; our copy serves it until the release.
   *
   * @param generation the leecher's
   */
  record HandedOver(long generation, MigrationId migration, NodeId leecher, MigrationId token)
      implements SeederState {}

  /** The leecher gave the state back; that is being journaled. */
  record Returning(long generation, MigrationId migration, NodeId leecher, MigrationId token)
      implements SeederState {}

  /** The leecher has everything. */
  record Released(long generation, MigrationId migration, MigrationId token)
      implements SeederState {}

  /** The node that the migration under way belongs to, which alone may read. */
  default Optional<NodeId> migratesTo() {
    return switch (this) {
      case Tracking s -> Optional.of(s.leecher());
      case Finalized s -> Optional.of(s.leecher());
      case HandedOver s -> Optional.of(s.leecher());
      case Returning s -> Optional.of(s.leecher());
      case Idle _, Undecided _, Released _ -> Optional.empty();
    };
  }

  /** Whether this is the migration under way, and belongs to another node. */
  default boolean isAnothers(MigrationId migration, NodeId node) {
    return switch (this) {
      case Tracking s -> s.migration().equals(migration) && !s.leecher().equals(node);
      case Finalized s -> s.migration().equals(migration) && !s.leecher().equals(node);
      case Undecided s -> s.migration().equals(migration) && !s.leecher().equals(node);
      case HandedOver s -> s.migration().equals(migration) && !s.leecher().equals(node);
      case Returning s -> s.migration().equals(migration) && !s.leecher().equals(node);
      case Idle _, Released _ -> false;
    };
  }

  /** One word for messages. */
  default String word() {
    return switch (this) {
      case Idle _ -> "idle";
      case Tracking _ -> "tracking";
      case Finalized _ -> "finalized";
      case Undecided _ -> "undecided";
      case HandedOver _, Returning _ -> HANDED_OVER;
      case Released _ -> "released";
    };
  }
}
