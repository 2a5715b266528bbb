package dev.godwit.testnetwork;

import static dev.godwit.testnetwork.World.PATIENCE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.cli.ExitStatus;
import dev.godwit.demo.ChildProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Moves that cannot be finished, and whose the state is afterwards. */
class ReclaimTest extends MeshForEach {
  private Outcome reclaim(Member member, Path file, String... more) throws Exception {
    String[] all = new String[4 + more.length];
    System.arraycopy(new String[] {"reclaim", "state", "--from", file.toString()}, 0, all, 0, 4);
    System.arraycopy(more, 0, all, 4, more.length);
    return member.run(all);
  }

  private void awaitFile(Path file) throws Exception {
    world.programs().run("sh", "-c", "until [ -e '" + file + "' ]; do sleep 0.1; done").succeeded();
  }

  private String[] hesitantly() {
    return new String[] {
      "--on-suspend",
      "touch '"
          + world.path("asked")
          + "'; until [ -e '"
          + world.path("goes")
          + "' ]; do sleep 0.1; done"
    };
  }

  /** Has an offer handed over, while the leecher dies and does not know. */
  private void handOverToNobody(Offer offer, ChildProcess leech) throws Exception {
    awaitFile(world.path("asked"));
    leech.close();
    Files.createFile(world.path("goes"));
    offer.awaitState("handed-over");
    int _ = offer.process().stop();
  }

  @Test
  void aStateWhoseLeecherDiedBeforeItKnewIsTakenBackOnceThatNodeHasGivenItUp() throws Exception {
    Path target = world.path("target");
    try (Offer offer = Offer.of(world, alice, "state", hesitantly());
        ChildProcess leech = bob.leech("alice/state", target)) {
      handOverToNobody(offer, leech);
      Expect.refused(
          ExitStatus.UNREACHABLE,
          reclaim(alice, offer.file()),
          "bob, which state was handed over to, is not there.",
          "Start 'godwit up' there",
          "--force");
      try (ChildProcess up = bob.start("up")) {
        up.await("ready", PATIENCE);
        Outcome mine = reclaim(alice, offer.file()).succeeded();
        assertTrue(mine.out().contains("state is this node's, generation 3."), mine::out);
      }
      try (Offer again = Offer.again(world, alice, "state", offer.sha256())) {
        assertEquals("3", again.process().await("ready", PATIENCE).get("generation"));
        again.assertUntouched();
        bob.runLeech("alice/state", target).succeeded();
        assertEquals(StateFile.sha256(again.file()), StateFile.sha256(target));
      }
    }
    try (Stream<Path> moves = Files.list(bob.home().resolve("moves"))) {
      assertEquals(0, moves.count());
    }
  }

  /** As a leech does by itself when the seed that it pulls from is started again. */
  @Test
  void aMoveThatBeganAnewInBetweenIsKnownToo() throws Exception {
    try (Offer first = Offer.of(world, alice, "state", 128 << 20);
        ChildProcess leech = bob.leech("alice/state", world.path("target"))) {
      leech.await("progress", PATIENCE);
      first.close();
      try (Offer offer = Offer.again(world, alice, "state", first.sha256(), hesitantly());
          ChildProcess up = bob.start("up")) {
        up.await("ready", PATIENCE);
        handOverToNobody(offer, leech);
        reclaim(alice, offer.file()).succeeded();
      }
    }
  }

  @Test
  void aStateThatRunsElsewhereIsNotTakenBack() throws Exception {
    Path target = world.path("target");
    try (Offer offer = Offer.thatIsWrittenLate(world, alice, "state")) {
      String stopSeeder = "kill -STOP " + offer.process().pid();
      try (ChildProcess leech = bob.leech("alice/state", target, "--on-resume", stopSeeder)) {
        leech.await("handover", PATIENCE);
        Expect.refused(
            ExitStatus.FAILED, reclaim(alice, offer.file()), "Another process works with");
      }
      world.signal("KILL", offer.process().pid());
      int _ = offer.process().awaitEnd(PATIENCE);
      try (ChildProcess up = bob.start("up")) {
        up.await("ready", PATIENCE);
        for (String[] more : new String[][] {{}, {"--force"}}) {
          Expect.refused(
              ExitStatus.FAILED,
              reclaim(alice, offer.file(), more),
              "state belongs to bob, where its program may have run",
              "run 'godwit seed' here and the same 'godwit leech' there");
        }
      }
    }
  }

  @Test
  void whatHasMovedIsNotTakenBack() throws Exception {
    Path target = world.path("target");
    try (Offer offer = Offer.of(world, alice, "state")) {
      bob.runLeech("alice/state", target).succeeded();
      assertEquals(0, offer.process().awaitEnd(PATIENCE));
      Expect.refused(
          ExitStatus.FAILED, reclaim(alice, offer.file(), "--force"), "it has all of it");
      Expect.refused(ExitStatus.FAILED, reclaim(bob, target), "belongs to this node already");
    }
  }

  @Test
  void aStateThatWasTakenBackByForceIsNotFetchedFromAnyMore() throws Exception {
    Path target = world.path("target");
    Path again = world.path("again");
    try (Offer offer = Offer.thatIsWrittenLate(world, alice, "state")) {
      String killSeeder = "kill -KILL " + offer.process().pid();
      try (ChildProcess leech = bob.leech("alice/state", target, "--on-resume", killSeeder)) {
        leech.await("handover", PATIENCE);
        int _ = offer.process().awaitEnd(PATIENCE);
      }
      Outcome mine = reclaim(alice, offer.file(), "--force").succeeded();
      assertTrue(mine.out().contains("generation 3."), mine::out);
      try (Offer offered = Offer.again(world, alice, "state", StateFile.sha256(offer.file()))) {
        offered.process().await("ready", PATIENCE);
        Expect.refused(
            ExitStatus.FAILED,
            bob.runLeech("alice/state", target, "--on-resume", "touch '" + again + "'"),
            "alice has taken state back (generation 3), while " + target + " holds generation 2");
        assertFalse(Files.exists(again));
      }
    }
  }

  @Test
  void whatHasComeIsKeptWhenTheSeederIsGoneForEver() throws Exception {
    Path target = world.path("target");
    try (Offer offer = Offer.thatIsWrittenLate(world, alice, "state")) {
      String killSeeder = "kill -KILL " + offer.process().pid();
      try (ChildProcess leech = bob.leech("alice/state", target, "--on-resume", killSeeder)) {
        leech.await("handover", PATIENCE);
        int _ = offer.process().awaitEnd(PATIENCE);
      }
    }
    Expect.refused(
        ExitStatus.UNREACHABLE,
        reclaim(bob, target),
        "Not all of state is here, and alice is not there.",
        "take what is here with --force");
    Outcome mine = reclaim(bob, target, "--force").succeeded();
    assertTrue(mine.out().contains("generation 3."), mine::out);
    assertTrue(mine.out().contains(" of it never came"), mine::out);
    try (ChildProcess seed = bob.seed("state", target)) {
      assertEquals("3", seed.await("ready", PATIENCE).get("generation"));
    }
  }

  @Test
  void aFileThatIsInNoMoveIsNotTakenBack() throws Exception {
    Path file = StateFile.random(world.path("plain"), 1 << 20, 1);
    Expect.refused(
        ExitStatus.FAILED, reclaim(alice, file), "is in no move", "nothing to take back");
    Expect.refused(ExitStatus.FAILED, reclaim(alice, world.path("missing")), "There is no file");
  }
}
