package dev.godwit.migration;

import dev.godwit.identity.NodeId;
import dev.godwit.identity.Octets;
import dev.godwit.wire.proto.Failure;

/** What a seeder's shell does when the machine says so. */
public sealed interface SeederAction {

  /** Record writes from now on. */
  record StartTracking() implements SeederAction {}

  /** Record no more. */
  record StopTracking() implements SeederAction {}

  /** Take what was written since the round before, and keep it under this number. */
  record CollectRound(int round) implements SeederAction {}

  /** Answer whoever asks with the list kept under this number. */
  record AnswerRound(int round) implements SeederAction {}

  /**
   * Flush, stop the program, fence the device, flush again, and keep what was written since the
   * last round. Ends with {@link SeederEvent.Suspended} or {@link SeederEvent.SuspendFailed}.
   */
  record Suspend() implements SeederAction {}

  /**
   * Make the hand-over durable. Ends with {@link SeederEvent.HandoverJournaled}, {@link
   * SeederEvent.JournalFailed} or {@link SeederEvent.JournalUndecided}.
   */
  record JournalHandover(long generation, MigrationId migration, NodeId leecher, MigrationId token)
      implements SeederAction {}

  /** Answer everybody who asked to finalize, now and again. */
  record AnswerFinalize(long generation) implements SeederAction {}

  /** Answer everybody who asked to finalize that it failed. */
  record FailFinalize(String reason) implements SeederAction {}

  /** Answer everybody who asked to finalize that nobody knows. */
  record DoubtFinalize(String reason) implements SeederAction {}

  /**
   * Make it durable that the state is ours again. Ends with {@link SeederEvent.ReturnJournaled}.
   */
  record JournalReturn(long generation) implements SeederAction {}

  /** Open the device again and let the program go on. */
  record ResumeProgram() implements SeederAction {}

  /** Make the release durable; our copy is worth nothing from then on. */
  record JournalRelease(long generation) implements SeederAction {}

  /** Answer that writes are recorded, and under which name. */
  record AnswerTrack(Octets epoch) implements SeederAction {}

  /** Answer with nothing but success. */
  record Answer() implements SeederAction {}

  /** Answer later, when what is under way has ended. */
  record AnswerLater() implements SeederAction {}

  /** Answer with a refusal. */
  record Refuse(Failure.Code code, String reason) implements SeederAction {}
}
