package dev.godwit.migration;

/** What a leecher is doing. */
public sealed interface LeecherState {

  /** Asking the seeder to record writes. */
  record Connecting() implements LeecherState {}

  /**
   * Collecting a copy while the program runs at the seeder.
   *
   * @param round how many lists of rewritten blocks have been received
   */
  record Pulling(int round) implements LeecherState {}

  /**
   * Asking for the state.
   *
   * @param token makes asking again harmless
   * @param phase how far it has come
   */
  record Finalizing(MigrationId token, Phase phase) implements LeecherState {}

  /** How far a finalize has come. */
  enum Phase {
    /** Making the copy durable. */
    FLUSHING,
    /** Writing down that we ask. */
    JOURNALING,
    /** The question is under way. */
    ASKING,
    /** The question is asked again after a restart; if it is refused, everything begins anew. */
    ASKING_AGAIN,
    /** The state is ours; fetching the rest first, since the user wants no post-copy. */
    FETCHING,
    /** As {@link #FETCHING}, after a restart; the program may have run here before. */
    FETCHING_AGAIN,
    /** The state is ours; writing that down. */
    TAKING,
    /** Letting the program go, for the first time. */
    RESUMING,
    /** Letting the program go after a restart; it may have run here before. */
    RESUMING_AGAIN
  }

  /**
   * The program runs here; blocks may still be missing.
   *
   * @param stage what is left to do
   */
  record Running(long generation, MigrationId token, Stage stage) implements LeecherState {}

  /** What is left to do while the program runs. */
  enum Stage {
    /** Blocks are still fetched. */
    FETCHING,
    /** Everything is here and is being made durable. */
    FLUSHING,
    /** The seeder is told. */
    RELEASING
  }

  /** The program could not be started here; the state goes back. */
  record Declining(long generation, MigrationId token, String reason, ReturnPhase phase)
      implements LeecherState {}

  /** How far giving back has come. */
  enum ReturnPhase {
    /** Writing down that we never use it. */
    JOURNALING,
    /** Telling the seeder. */
    TELLING,
    /** Telling the seeder after a restart; then beginning anew. */
    TELLING_AGAIN
  }

  /** Everything is here and the seeder knows. */
  record Complete(long generation) implements LeecherState {}

  /**
   * Over without success. The program runs at the seeder, unless {@code where} says otherwise.
   *
   * @param where who owns the state now
   */
  record Failed(String reason, Where where) implements LeecherState {}

  /** Who owns the state after a failure. */
  enum Where {
    /** The seeder, untouched. */
    SEEDER,
    /** This node. */
    HERE,
    /** Only the seeder knows; asking again with the same token tells. */
    UNDECIDED
  }
}
