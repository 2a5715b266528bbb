package dev.godwit.migration;

import dev.godwit.chunk.BlockRuns;
import dev.godwit.identity.Octets;
import dev.godwit.wire.proto.Failure;

/** What a seeder's thread answers to an event that somebody asked for. */
sealed interface SeederAnswer {

  /** It is done. */
  record Done() implements SeederAnswer {}

  /** Writes are recorded, under this name. */
  record Tracked(Octets epoch) implements SeederAnswer {}

  /** What was written since the round before. */
  record Round(int round, BlockRuns dirty) implements SeederAnswer {}

  /**
   * The state is handed over.
   *
   * @param dirty what was written since the last round
   * @param suspend how long stopping the program took, in nanoseconds
   * @param flush how long the last flush took, in nanoseconds
   * @param journal how long journaling took, in nanoseconds
   */
  record Finalized(long generation, BlockRuns dirty, long suspend, long flush, long journal)
      implements SeederAnswer {}

  /** It is not done. */
  record Refused(Failure.Code code, String reason) implements SeederAnswer {}
}
