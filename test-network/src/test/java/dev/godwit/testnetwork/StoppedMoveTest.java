package dev.godwit.testnetwork;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.cli.ExitStatus;
import dev.godwit.demo.ChildProcess;
import java.nio.file.Files;
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
          String.valueOf(idle.get("why")).contains("bob stopped fetching it"), idle::toString);
    }
  }

  private void await(Path file) throws Exception {
    world.programs().run("sh", "-c", "until [ -e '" + file + "' ]; do sleep 0.1; done").succeeded();
  }

  @Test
  void aProgramWhoseSeedIsKilledWhileItIsStoppedIsLetGoOnByTheNextSeed() throws Exception {
    Path asked = world.path("asked");
    Path resumed = world.path("resumed");
    String[] hooks = {
      "--on-suspend", "touch '" + asked + "'; sleep 600", "--on-resume", "touch '" + resumed + "'"
    };
    try (Offer offer = Offer.of(world, alice, "state", hooks);
        ChildProcess leech = bob.leech("alice/state", world.path("target"))) {
      await(asked);
      world.signal("KILL", offer.process().pid());
      int _ = offer.process().awaitEnd(World.PATIENCE);
      world.signal("TERM", leech.pid());
      int _ = leech.awaitEnd(World.PATIENCE);
      assertFalse(Files.exists(resumed));
      try (Offer again = Offer.again(world, alice, "state", offer.sha256(), hooks)) {
        assertEquals("1", again.process().await("ready", World.PATIENCE).get("generation"));
        await(resumed);
        again.assertUntouched();
        assertTrue(
            again.process().complaints().contains("had been stopped"), again.process()::complaints);
        assertFalse(Files.exists(world.path("state.godwit").resolve("stopped")));
      }
    }
    for (Map.Entry<Long, String> left : world.running().entrySet()) {
      // What the killed seed had started.
      if (left.getValue().contains("sleep 600")) {
        world.signal("KILL", left.getKey());
      }
    }
  }

  @Test
  void aProgramWhoseSeedIsEndedWhileItIsStoppedIsLetGoOn() throws Exception {
    Path asked = world.path("asked");
    Path resumed = world.path("resumed");
    try (Offer offer =
            Offer.of(
                world,
                alice,
                "state",
                "--on-suspend",
                "touch '" + asked + "'; sleep 3",
                "--on-resume",
                "touch '" + resumed + "'");
        ChildProcess leech = bob.leech("alice/state", world.path("target"))) {
      await(asked);
      offer.process().stop();
      assertTrue(Files.exists(resumed), offer.process()::complaints);
      assertEquals(ExitStatus.FAILED.code(), leech.awaitEnd(World.PATIENCE), leech::complaints);
      assertEquals(offer.sha256(), StateFile.sha256(offer.file()));
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
