package dev.godwit.testnetwork;

import static dev.godwit.testnetwork.World.PATIENCE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.cli.ExitStatus;
import dev.godwit.testing.Patience;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Commands that stop and start the program, and do not do it. */
class HookTest extends MeshForEach {
  /** An offer whose program can be seen to be stopped and started. */
  private Offer offer(String suspend, String... more) throws Exception {
    String[] arguments = new String[more.length + 4];
    System.arraycopy(
        new String[] {"--on-suspend", suspend, "--on-resume", "echo again >> resumed"},
        0,
        arguments,
        0,
        4);
    System.arraycopy(more, 0, arguments, 4, more.length);
    return Offer.of(world, alice, "state", arguments);
  }

  private Path target() {
    return world.path("target");
  }

  private void assertRunsAtTheSource(Offer offer, long generation) throws Exception {
    assertEquals(Long.toString(generation), offer.awaitState("idle").get("generation"));
    Patience.until("the program runs again", () -> Files.exists(world.path("resumed")));
    assertEquals(List.of("again"), Files.readAllLines(world.path("resumed")));
    offer.assertUntouched();
    Outcome status = alice.run("status").succeeded();
    assertTrue(status.out().contains("seed  state  idle"), status::out);
  }

  @Test
  void whatHooksWriteIsShownAndWhatIsLeftHereIsPutInOrderAfterTheMove() throws Exception {
    String says = "echo stopping $GODWIT_RESOURCE at $GODWIT_DEVICE";
    try (Offer offer =
        Offer.of(world, alice, "state", "--on-suspend", says, "--on-moved", "echo done > moved")) {
      bob.runLeech("alice/state", target()).succeeded();
      assertEquals(0, offer.process().awaitEnd(PATIENCE), offer.process()::complaints);
      assertTrue(
          offer.process().events().stream()
              .anyMatch(
                  event ->
                      ("stopping state at nbd:unix:" + offer.socket()).equals(event.get("output"))),
          () -> offer.process().events().toString());
      assertEquals("done", Files.readString(world.path("moved")).strip());
    }
  }

  @Test
  void aProgramThatCannotBeResumedGoesBack() throws Exception {
    try (Offer offer = offer("true")) {
      Expect.refused(
          ExitStatus.FAILED,
          bob.runLeech("alice/state", target(), "--on-resume", "echo no memory >&2; exit 3"),
          "could not be resumed",
          "status 3",
          "no memory",
          "still there");
      assertRunsAtTheSource(offer, 3);
      assertTrue(
          offer.process().events().stream()
              .anyMatch(event -> event.getOrDefault("why", "").contains("no memory")),
          () -> "the source does not say why: " + offer.process().events());
    }
  }

  @Test
  void aProgramThatStaysStoppedIsNotSaidToRun() throws Exception {
    try (Offer offer =
        Offer.of(
            world,
            alice,
            "state",
            "--on-suspend",
            "exit 7",
            "--on-resume",
            "echo no memory >&2; exit 1")) {
      Outcome leech = bob.runLeech("alice/state", target());
      Expect.refused(ExitStatus.FAILED, leech, "status 7", "Nothing was taken over", "still there");
      assertFalse(leech.err().contains("runs"), leech::err);
      Patience.until(
          "who offers it is told",
          () ->
              offer.process().complaints().contains("could not be let go on")
                  && offer.process().complaints().contains("no memory")
                  && offer.process().complaints().contains("Start it."));
    }
  }

  @Test
  void aProgramThatIsNotResumedInTimeGoesBack() throws Exception {
    try (Offer offer = offer("true")) {
      Expect.refused(
          ExitStatus.FAILED,
          bob.runLeech(
              "alice/state", target(), "--on-resume", "sleep 1000; true", "--hook-timeout", "1s"),
          "did not end within 1 second",
          "still there");
      assertRunsAtTheSource(offer, 3);
    }
  }

  @Test
  void whatCameBackCanBeMovedAgain() throws Exception {
    try (Offer offer = offer("true")) {
      assertEquals(
          ExitStatus.FAILED.code(),
          bob.runLeech("alice/state", target(), "--on-resume", "false").status());
      offer.awaitState("idle");
      bob.runLeech("alice/state", target()).succeeded();
      assertEquals(offer.sha256(), StateFile.sha256(target()));
      assertEquals(0, offer.process().awaitEnd(PATIENCE));
    }
  }

  @Test
  void aProgramThatCannotBeStoppedStays() throws Exception {
    try (Offer offer = offer("echo busy >&2; exit 7")) {
      Expect.refused(
          ExitStatus.FAILED,
          bob.runLeech("alice/state", target(), "--on-resume", "touch ran-at-bob"),
          "could not be stopped",
          "status 7",
          "busy",
          "still there");
      assertRunsAtTheSource(offer, 1);
      assertFalse(Files.exists(world.path("ran-at-bob")));
    }
  }

  @Test
  void aProgramThatIsNotStoppedInTimeStays() throws Exception {
    try (Offer offer = offer("sleep 1000; true", "--hook-timeout", "1s")) {
      Expect.refused(
          ExitStatus.FAILED,
          bob.runLeech("alice/state", target(), "--on-resume", "touch ran-at-bob"),
          "did not end within 1 second",
          "still there");
      assertRunsAtTheSource(offer, 1);
      assertFalse(Files.exists(world.path("ran-at-bob")));
    }
  }

  @Test
  void hooksKnowWhatTheyAreFor() throws Exception {
    try (Offer offer = offer("echo $GODWIT_RESOURCE > suspended")) {
      String resume = "echo $GODWIT_RESOURCE $GODWIT_FILE > resumed-at-bob";
      bob.runLeech("alice/state", target(), "--on-resume", resume).succeeded();
      assertEquals("state", Files.readString(world.path("suspended")).strip());
      assertEquals(
          "alice/state " + target(), Files.readString(world.path("resumed-at-bob")).strip());
      assertEquals(offer.sha256(), StateFile.sha256(target()));
    }
  }
}
