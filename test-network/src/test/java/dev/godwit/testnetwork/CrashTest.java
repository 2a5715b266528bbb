package dev.godwit.testnetwork;

import static dev.godwit.testnetwork.World.PATIENCE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.cli.ExitStatus;
import dev.godwit.demo.ChildProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Processes that end without a word in the middle of a migration. */
class CrashTest extends MeshForAll {
  private static final long LARGE = 128 << 20;

  private Offer dirtyOffer(String resource) throws Exception {
    return Offer.thatIsWrittenLate(world, alice, resource);
  }

  /** What the source ends with is what the target must have. */
  private void assertArrived(Offer offer, Path target) throws Exception {
    assertEquals(StateFile.sha256(offer.file()), StateFile.sha256(target));
  }

  private static boolean isPulling(Map<String, String> event) {
    return "state".equals(event.get("event")) && "pulling".equals(event.get("state"));
  }

  @Test
  void aLeecherThatDiesWhilePullingBeginsAgain() throws Exception {
    Path target = world.path("pulling-moved");
    try (Offer offer = Offer.of(world, alice, "pulling", LARGE)) {
      try (ChildProcess leech = bob.leech("alice/pulling", target)) {
        leech.await("pulling", CrashTest::isPulling, PATIENCE);
      }
      offer.assertUntouched();
      bob.runLeech("alice/pulling", target).succeeded();
      assertEquals(0, offer.process().awaitEnd(PATIENCE));
      assertArrived(offer, target);
    }
  }

  @Test
  void aLeecherThatDiesAfterTheHandOverGoesOn() throws Exception {
    Path target = world.path("taken-moved");
    Path ran = world.path("ran");
    String note = "echo again=$GODWIT_AGAIN >> '" + ran + "'";
    try (Offer offer = dirtyOffer("taken")) {
      String stopSeeder = note + "; kill -STOP " + offer.process().pid();
      try (ChildProcess leech = bob.leech("alice/taken", target, "--on-resume", stopSeeder)) {
        Map<String, String> handover = leech.await("handover", PATIENCE);
        assertTrue(Long.parseLong(handover.getOrDefault("missingBytes", "")) > 0);
      }
      world.signal("CONT", offer.process().pid());
      Outcome again = bob.runLeech("alice/taken", target, "--on-resume", note).succeeded();
      assertTrue(again.out().contains("generation 2"), again::out);
      // The first program may be running still, which the second one has to know.
      assertEquals(List.of("again=", "again=1"), Files.readAllLines(ran));
      assertEquals(0, offer.process().awaitEnd(PATIENCE));
      assertArrived(offer, target);
    }
  }

  @Test
  void aCopyThatIsChangedWhileTheLeecherIsDeadIsNotCompleted() throws Exception {
    Path target = world.path("edited-moved");
    Path saved = world.path("edited-saved");
    try (Offer offer = dirtyOffer("edited")) {
      String stopSeeder = "kill -STOP " + offer.process().pid();
      try (ChildProcess leech = bob.leech("alice/edited", target, "--on-resume", stopSeeder)) {
        leech.await("handover", PATIENCE);
      }
      world.signal("CONT", offer.process().pid());
      world.programs().run("cp", "-p", target.toString(), saved.toString()).succeeded();
      Files.write(target, new byte[] {1}, StandardOpenOption.WRITE);
      // Not within the time in which it may have been the leecher itself.
      Files.setLastModifiedTime(target, FileTime.from(Instant.now().plusSeconds(60)));
      Expect.refused(
          ExitStatus.FAILED,
          bob.runLeech("alice/edited", target),
          "was changed since the unfinished migration",
          "Bring it back");
      world.programs().run("cp", "-p", saved.toString(), target.toString()).succeeded();
      bob.runLeech("alice/edited", target).succeeded();
      assertEquals(0, offer.process().awaitEnd(PATIENCE));
      assertArrived(offer, target);
    }
  }

  @Test
  void whatTheProgramWroteBeforeTheLeecherDiedIsStillThere() throws Exception {
    Path target = world.path("written-moved");
    Path socket = world.path("written-bob.sock");
    try (Offer offer = dirtyOffer("written")) {
      String device = "nbd:unix:" + socket;
      String stopSeeder = "kill -STOP " + offer.process().pid();
      try (ChildProcess leech =
          bob.leech("alice/written", target, "--device", device, "--on-resume", stopSeeder)) {
        leech.await("handover", PATIENCE);
        offer.assertWritable(socket);
      }
      world.signal("CONT", offer.process().pid());
      try (ChildProcess again = bob.leech("alice/written", target, "--device", device)) {
        again.await("complete", PATIENCE);
        world
            .programs()
            .run("qemu-io", "-r", "-f", "raw", "-c", "read -P 0xa7 0 64k", Offer.uri(socket))
            .succeeded();
        assertEquals(0, again.stop(), again::complaints);
      }
    }
  }

  @Test
  void aSeederThatDiesAfterTheHandOverIsAwaited() throws Exception {
    Path target = world.path("orphan-moved");
    try (Offer offer = dirtyOffer("orphan")) {
      String killSeeder = "kill -KILL " + offer.process().pid();
      try (ChildProcess leech = bob.leech("alice/orphan", target, "--on-resume", killSeeder)) {
        leech.await("handover", PATIENCE);
        offer.process().awaitEnd(PATIENCE);
        try (ChildProcess again = alice.seed("orphan", offer.file())) {
          leech.await("complete", PATIENCE);
          assertEquals(0, leech.awaitEnd(PATIENCE), leech::complaints);
          assertEquals(0, again.awaitEnd(PATIENCE), again::complaints);
        }
        assertArrived(offer, target);
      }
    }
  }

  @Test
  void aSeederThatIsStartedAgainWhileItIsPulledFromIsPulledFromAnew() throws Exception {
    Path target = world.path("again-moved");
    try (Offer offer = Offer.of(world, alice, "again", LARGE);
        ChildProcess leech = bob.leech("alice/again", target)) {
      leech.await("pulling", CrashTest::isPulling, PATIENCE);
      offer.close();
      try (Offer again = Offer.again(world, alice, "again", offer.sha256())) {
        assertEquals(0, leech.awaitEnd(PATIENCE), leech::complaints);
        assertEquals(0, again.process().awaitEnd(PATIENCE), again.process()::complaints);
        assertArrived(again, target);
      }
    }
  }

  @Test
  void aSeederThatDiesWhileItIsPulledFromKeepsItsState() throws Exception {
    Path target = world.path("gone-moved");
    try (Offer offer = Offer.of(world, alice, "gone", LARGE);
        ChildProcess leech = bob.leech("alice/gone", target)) {
      leech.await("pulling", CrashTest::isPulling, PATIENCE);
      offer.close();
      leech.close();
      try (Offer again = Offer.again(world, alice, "gone", offer.sha256())) {
        assertEquals("1", again.process().await("ready", PATIENCE).get("generation"));
        again.assertUntouched();
        bob.runLeech("alice/gone", target).succeeded();
        assertArrived(again, target);
      }
    }
  }
}
