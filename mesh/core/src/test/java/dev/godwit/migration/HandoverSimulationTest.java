package dev.godwit.migration;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.godwit.testing.Seeds;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
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

  /** What has to have happened how often, while things failed. */
  private static final Map<String, Integer> OFTEN =
      Map.of(
          HandoverSimulation.HANDOVER, 5_000,
          HandoverSimulation.SEEDER_DIED, 1_000,
          HandoverSimulation.LEECHER_DIED, 1_000,
          HandoverSimulation.RELEASE, 1_000);

  @Test
  void whateverFailsThereIsOneOwnerAndNoWriteIsLost() {
    Map<String, Integer> reached = new TreeMap<>();
    Seeds.each(20_000, random -> new HandoverSimulation(random, reached).run());
    if (Seeds.isNarrowed()) {
      return;
    }
    Set<String> missed = new TreeSet<>(TURNS);
    missed.removeAll(reached.keySet());
    OFTEN.forEach(
        (what, least) -> {
          if (reached.getOrDefault(what, 0) < least) {
            missed.add(what);
          }
        });
    assertEquals(Set.of(), missed, () -> "not reached, or too seldom: " + reached);
  }
}
