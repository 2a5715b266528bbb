package dev.godwit.migration;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.godwit.testing.Seeds;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

final class HandoverSimulationTest {
  /** What has to have happened for the runs to say anything. */
  private static final Set<String> TURNS =
      Set.of(
          "Connecting<-Broke",
          "Pulling<-Broke",
          "Pulling<-Forgotten",
          "Finalizing<-Broke",
          "Finalizing<-HandoverRefused",
          "Finalizing<-HandedOver",
          "Finalizing<-ResumeFailed",
          "Finalizing<-ResumeFailedAfterWrites",
          "Declining<-Declined",
          "Declining<-Broke",
          "Running<-Broke",
          "Running<-Released",
          "Tracking<-AbortAsked",
          "Tracking<-LeecherLost",
          "Finalized<-SuspendFailed",
          "Finalized<-JournalFailed",
          "Finalized<-JournalUndecided",
          "Undecided<-FinalizeAsked",
          "HandedOver<-DeclineAsked",
          "HandedOver<-ReleaseAsked",
          "Returning<-ReturnJournaled",
          "Released<-ReleaseAsked");

  @Test
  void whateverFailsThereIsOneOwnerAndNoWriteIsLost() {
    Set<String> reached = new HashSet<>();
    Seeds.each(50_000, random -> new HandoverSimulation(random, reached).run());
    if (Seeds.isNarrowed()) {
      return;
    }
    Set<String> missed = new TreeSet<>(TURNS);
    missed.removeAll(reached);
    assertEquals(Set.of(), missed, () -> "not reached; reached: " + new TreeSet<>(reached));
  }
}
