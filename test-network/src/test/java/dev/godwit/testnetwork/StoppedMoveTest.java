package dev.godwit.testnetwork;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.cli.ExitStatus;
import dev.godwit.demo.ChildProcess;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What both sides say of a move that somebody stops. */
class StoppedMoveTest extends MeshForEach {
  @Test
  void bothSidesHearOfALeechThatWasStopped() throws Exception {
    Path target = world.path("target");
    try (Offer offer = Offer.of(world, alice, "state", 192 << 20);
        ChildProcess leech = bob.leech("alice/state", target)) {
      offer.awaitState("tracking");
      leech.await("progress", World.PATIENCE);
      world.signal("STOP", leech.pid());
      world.signal("TERM", leech.pid());
      world.signal("CONT", leech.pid());
      Expect.refused(
          ExitStatus.INTERRUPTED,
          leech,
          "Stopped before alice/state was here",
          target + " is not complete: run the same command again to begin anew, or delete",
          target + ".godwit");
      Map<String, String> idle = offer.awaitState("idle");
      assertTrue(
          String.valueOf(idle.get("why")).startsWith("bob stopped fetching it"), idle::toString);
    }
  }

  @Test
  void aSeedThatIsStartedAgainAfterItsHandOverSaysForWhom() throws Exception {
    Path late = StateFile.random(world.path("late"), 32 << 20, 77);
    String copy = "nbdcopy '" + late + "' '" + Offer.uri(world.path("state.sock")) + "'";
    try (Offer offer = Offer.of(world, alice, "state", 64 << 20, "--on-suspend", copy)) {
      String killSeeder = "kill -KILL " + offer.process().pid();
      try (ChildProcess leech =
          bob.leech("alice/state", world.path("target"), "--on-resume", killSeeder)) {
        leech.await("handover", World.PATIENCE);
        int _ = offer.process().awaitEnd(World.PATIENCE);
        Outcome again = alice.runSeed("state", offer.file()).succeeded();
        assertTrue(again.out().contains("state was handed over to bob, generation 2."), again::out);
        assertFalse(again.out().contains("Offering"), again::out);
        assertEquals(0, leech.awaitEnd(World.PATIENCE), leech::complaints);
      }
    }
  }
}
