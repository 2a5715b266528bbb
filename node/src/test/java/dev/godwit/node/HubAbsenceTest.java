package dev.godwit.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.signaling.HubState;
import dev.godwit.signaling.HubWelcome;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class HubAbsenceTest {
  private static final HubState THERE =
      new HubState.Online(
          new HubWelcome(new InetSocketAddress(1), List.of(), 1000, 10, Optional.empty()));

  private final List<Runnable> due = new ArrayList<>();
  private final List<String> said = new ArrayList<>();
  private final HubAbsence absence =
      new HubAbsence("hub.test:7007", (what, _) -> due.add(what), said::add);

  private static HubState away(String reason) {
    return new HubState.Offline(reason, Instant.EPOCH);
  }

  private void timePasses() {
    due.forEach(Runnable::run);
    due.clear();
  }

  @Test
  void aHubThatStaysAwayIsSaidToBeOnce() {
    absence.accept(THERE);
    absence.accept(away("Nothing listens there."));
    absence.accept(away("It does not answer."));
    assertEquals(List.of(), said);
    timePasses();
    absence.accept(away("It does not answer."));
    timePasses();
    assertEquals(1, said.size(), said::toString);
    assertTrue(
        said.getFirst().startsWith("The hub hub.test:7007 is away: It does not answer. What is"),
        said::toString);
  }

  @Test
  void aHubThatIsBackIsSaidToBe() {
    absence.accept(THERE);
    absence.accept(away("x"));
    timePasses();
    absence.accept(THERE);
    assertEquals("The hub hub.test:7007 is back.", said.getLast());
    absence.accept(away("x"));
    timePasses();
    assertEquals(3, said.size(), said::toString);
  }

  @Test
  void aBriefAbsenceIsNotToldOf() {
    absence.accept(THERE);
    absence.accept(away("x"));
    absence.accept(THERE);
    timePasses();
    assertEquals(List.of(), said);
  }

  /** Who waits for the hub at the start is told by others. */
  @Test
  void aHubThatWasNeverThereIsNotMissed() {
    absence.accept(away("x"));
    timePasses();
    assertEquals(List.of(), said);
  }
}
