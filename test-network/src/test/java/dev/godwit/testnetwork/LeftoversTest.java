package dev.godwit.testnetwork;

import static dev.godwit.testnetwork.World.PATIENCE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.godwit.cli.ExitStatus;
import dev.godwit.demo.ChildProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the command leaves beside a state. */
class LeftoversTest extends MeshForAll {
  private Path folder(String name) throws Exception {
    return Files.createDirectory(world.path(name));
  }

  private static List<String> names(Path folder) throws Exception {
    try (Stream<Path> inside = Files.walk(folder)) {
      return inside
          .filter(file -> !file.equals(folder))
          .map(file -> folder.relativize(file).toString())
          .sorted()
          .toList();
    }
  }

  @Test
  void aSeedThatNobodyTookLeavesNothing() throws Exception {
    Path folder = folder("untaken");
    Path state = StateFile.random(folder.resolve("state"), 4096, 1);
    try (ChildProcess seed =
        alice.start("seed", "untaken", "--from", state.toString(), "--device", "nbd:127.0.0.1:0")) {
      seed.await("ready", PATIENCE);
      assertEquals(0, seed.stop(), seed::complaints);
    }
    assertEquals(List.of("state"), names(folder));
  }

  @Test
  void aMoveLeavesAJournalOnEitherSide() throws Exception {
    Path here = folder("here");
    Path there = folder("there");
    Path state = StateFile.random(here.resolve("state"), 4096, 2);
    try (ChildProcess seed = alice.seed("moved", state)) {
      bob.runLeech("alice/moved", there.resolve("state")).succeeded();
      assertEquals(0, seed.awaitEnd(PATIENCE), seed::complaints);
    }
    assertEquals(List.of("state", "state.godwit", "state.godwit/journal"), names(here));
    assertEquals(
        List.of("state", "state.godwit", "state.godwit/journal", "state.godwit/left"),
        names(there));
  }

  @Test
  void aMountLeavesTheLeaseAndWhatItReadFirstWithTheOwnerOnly() throws Exception {
    Path folder = folder("mounted");
    Path state = StateFile.random(folder.resolve("state"), 4096, 3);
    Path at = world.path("at");
    try (ChildProcess seed = alice.seed("mounted", state);
        ChildProcess mount = bob.start("mount", "alice/mounted", at.toString())) {
      mount.await("ready", PATIENCE);
      byte[] _ = Files.readAllBytes(at);
      bob.run("umount", at.toString()).succeeded();
      assertEquals(0, mount.awaitEnd(PATIENCE), mount::complaints);
      assertEquals(0, seed.stop(), seed::complaints);
    }
    assertEquals(List.of(), names(bob.home().resolve("mounts")));
    assertEquals(
        List.of(
            "state",
            "state.godwit",
            "state.godwit/leases",
            "state.godwit/left",
            "state.godwit/profile"),
        names(folder));
  }

  @Test
  void theCacheOfAMountCannotBeOffered() throws Exception {
    Path state = StateFile.random(world.path("cached"), 4096, 4);
    Path at = world.path("at-cached");
    Path cache = world.path("cache");
    try (ChildProcess seed = alice.seed("cached", state);
        ChildProcess mount =
            bob.start("mount", "alice/cached", at.toString(), "--cache", cache.toString())) {
      mount.await("ready", PATIENCE);
      bob.run("umount", at.toString()).succeeded();
      assertEquals(0, mount.awaitEnd(PATIENCE), mount::complaints);
      assertEquals(0, seed.stop(), seed::complaints);
    }
    Expect.refused(
        ExitStatus.FAILED,
        bob.run("seed", "cached", "--from", cache.toString()),
        cache + " is the cache of a mount");
  }
}
