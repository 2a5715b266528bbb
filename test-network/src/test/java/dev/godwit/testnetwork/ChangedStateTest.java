package dev.godwit.testnetwork;

import static dev.godwit.testnetwork.World.PATIENCE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.cli.ExitStatus;
import dev.godwit.demo.ChildProcess;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** States that other programs write to, past Godwit. */
class ChangedStateTest extends MeshForAll {
  private Path state(String name) throws IOException {
    return StateFile.random(world.path(name), 1 << 20, name.hashCode());
  }

  /** A shell command that changes bytes in the middle. */
  private static String change(Path file) {
    return "echo changed | dd status=none conv=notrunc bs=1 seek=500000 of='" + file + "'";
  }

  private void shell(String command) throws IOException, InterruptedException {
    world.programs().run("sh", "-c", command).succeeded();
  }

  @Test
  void whatIsWrittenPastGodwitDuringTheCopyIsNotLostInSilence() throws Exception {
    Path file = state("torn");
    Path target = world.path("torn-moved");
    Path hold = Files.createFile(world.path("torn-hold"));
    String once = "if [ -e '" + hold + "' ]; then " + change(file) + "; fi";
    try (ChildProcess seed = alice.seed("torn", file, "--on-suspend", once)) {
      Expect.refused(
          ExitStatus.FAILED,
          bob.runLeech("alice/torn", target),
          "was written to by another program",
          "--device",
          "still there");
      Files.delete(hold);
      bob.runLeech("alice/torn", target).succeeded();
      assertEquals(0, seed.awaitEnd(PATIENCE));
    }
    assertEquals(StateFile.sha256(file), StateFile.sha256(target));
  }

  @Test
  void aFileThatGrewIsNotCutInSilence() throws Exception {
    Path file = state("grown");
    try (ChildProcess seed = alice.seed("grown", file)) {
      shell("echo more >> '" + file + "'");
      Expect.refused(
          ExitStatus.FAILED,
          bob.runLeech("alice/grown", world.path("grown-moved")),
          "was made longer by another program");
      assertEquals(0, seed.stop(), seed::complaints);
    }
  }

  @Test
  void aStateIsGivenRoomForWhatProgramsAdd() throws Exception {
    Path file = Files.writeString(world.path("roomy"), "begin");
    Path target = world.path("roomy-moved");
    try (ChildProcess seed = alice.seed("roomy", file, "--size", "2M")) {
      assertEquals(2 << 20, Files.size(file));
      bob.runLeech("alice/roomy", target).succeeded();
      assertEquals(0, seed.awaitEnd(PATIENCE));
    }
    assertEquals(2 << 20, Files.size(target));
    assertEquals("begin", new String(Files.readAllBytes(target), 0, 5, StandardCharsets.US_ASCII));
    assertTrue(world.programs().allocated(target) < 1 << 20);
  }

  @Test
  void aFileThatWasCutIsNotFilledWithZeroes() throws Exception {
    Path file = state("cut");
    try (ChildProcess seed = alice.seed("cut", file)) {
      shell("truncate -s 600000 '" + file + "'");
      Outcome leech = bob.runLeech("alice/cut", world.path("cut-moved"));
      Expect.refused(ExitStatus.FAILED, leech, "truncated");
      assertTrue(seed.isAlive(), seed::complaints);
    }
  }

  private void mountsSee(String name, End end) throws Exception {
    Path file = state(name);
    Path at = world.path(name + "-mount");
    Path cache = world.path(name + "-cache");
    String[] mounting = {"mount", "alice/" + name, at.toString(), "--cache", cache.toString()};
    try (ChildProcess seed = alice.seed(name, file)) {
      try (ChildProcess mount = bob.start(mounting)) {
        mount.await("ready", PATIENCE);
        assertEquals(StateFile.sha256(file), StateFile.sha256(at));
        assertEquals(0, mount.stop(), mount::complaints);
      }
      end.of(seed);
    }
    shell(change(file));
    Path expected = Files.copy(file, world.path(name + "-expected"));
    try (ChildProcess _ = alice.seed(name, file);
        ChildProcess mount = bob.start(mounting)) {
      mount.await("ready", PATIENCE);
      assertEquals(StateFile.sha256(expected), StateFile.sha256(at));
      // Beside what was changed, in the same block.
      for (Path each : List.of(at, expected)) {
        shell("printf x | dd status=none conv=notrunc bs=1 seek=500100 of='" + each + "'");
      }
      assertEquals(0, mount.stop(), mount::complaints);
    }
    assertEquals(StateFile.sha256(expected), StateFile.sha256(file));
  }

  /** How a seed ends. */
  private interface End {
    void of(ChildProcess seed) throws Exception;
  }

  @Test
  void mountsSeeWhatWasChangedWhileNobodyOfferedIt() throws Exception {
    mountsSee("edited", seed -> assertEquals(0, seed.stop(), seed::complaints));
  }

  @Test
  void mountsSeeWhatWasChangedAfterTheSeedWasKilled() throws Exception {
    mountsSee("orphaned", this::killed);
  }

  /** An older copy takes the place of a state under a mount that has saved something there. */
  private void olderCopyIsNoticed(String name, End end) throws Exception {
    Path file = state(name);
    Path at = world.path(name + "-mount");
    shell("cp -p '" + file + "' '" + file + ".older'");
    try (ChildProcess seed = alice.seed(name, file);
        ChildProcess mount = bob.start("mount", "alice/" + name, at.toString())) {
      mount.await("ready", PATIENCE);
      String write = "printf x | dd status=none conv=notrunc,fsync bs=1 seek=5 of='" + at + "'";
      shell(write);
      end.of(seed);
      shell("cp -p '" + file + ".older' '" + file + "'");
      try (ChildProcess _ = alice.seed(name, file)) {
        mount.await(
            "the loss", event -> !event.getOrDefault("lost", "null").equals("null"), PATIENCE);
        Outcome late = world.programs().run("sh", "-c", write);
        assertTrue(late.status() != 0, () -> late + " " + mount.events() + mount.complaints());
        int _ = mount.stop();
      }
    }
    assertEquals(StateFile.sha256(Path.of(file + ".older")), StateFile.sha256(file));
  }

  @Test
  void aMountWhoseOwnerComesBackWithAnOlderCopyIsTold() throws Exception {
    olderCopyIsNoticed("restored", seed -> assertEquals(0, seed.stop(), seed::complaints));
  }

  @Test
  void aMountWhoseKilledOwnerComesBackWithAnOlderCopyIsTold() throws Exception {
    olderCopyIsNoticed("killed", this::killed);
  }

  private void killed(ChildProcess seed) throws Exception {
    world.signal("KILL", seed.pid());
    int _ = seed.awaitEnd(PATIENCE);
  }

  @Test
  void aStateThatIsChangedAfterItsHandOverIsNotFetchedFrom() throws Exception {
    Path target = world.path("rewritten-moved");
    try (Offer offer = Offer.thatIsWrittenLate(world, alice, "rewritten")) {
      String endSeeder = "kill -TERM " + offer.process().pid();
      try (ChildProcess leech = bob.leech("alice/rewritten", target, "--on-resume", endSeeder)) {
        leech.await("handover", PATIENCE);
        int _ = offer.process().awaitEnd(PATIENCE);
        shell("cp -p '" + offer.file() + "' '" + offer.file() + ".saved'");
        shell(change(offer.file()));
        Expect.refused(
            ExitStatus.FAILED,
            alice.runSeed("rewritten", offer.file()),
            "was changed after it had been handed over",
            "Bring it back");
        shell("cp -p '" + offer.file() + ".saved' '" + offer.file() + "'");
        try (ChildProcess again = alice.seed("rewritten", offer.file())) {
          leech.await("complete", PATIENCE);
          assertEquals(0, leech.awaitEnd(PATIENCE), leech::complaints);
          assertEquals(0, again.awaitEnd(PATIENCE), again::complaints);
        }
      }
      assertEquals(StateFile.sha256(offer.file()), StateFile.sha256(target));
    }
  }
}
