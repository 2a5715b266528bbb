package dev.godwit.testnetwork;

import static dev.godwit.testnetwork.World.PATIENCE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.cli.ExitStatus;
import dev.godwit.demo.ChildProcess;
import dev.godwit.testing.Patience;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A node's folder that was copied, as by cloning a disk: two nodes go by one name. */
class CopiedIdentityTest extends MeshForAll {
  private Member twin;

  @BeforeAll
  void begin() throws Exception {
    twin = world.stranger("twin");
    world.programs().run("cp", "-r", alice.home().toString(), twin.home().toString()).succeeded();
  }

  private Path state(String name) throws Exception {
    return StateFile.random(world.path(name), 1 << 20, name.hashCode());
  }

  @Test
  void aCopyIsToldThatItIsOne() throws Exception {
    try (ChildProcess seed = alice.seed("one", state("one"));
        ChildProcess other = twin.seed("another", state("another"))) {
      Patience.until(
          "it is told", () -> other.complaints().contains("(alice) is running elsewhere, too"));
      Outcome doctor = twin.run("doctor").succeeded();
      assertTrue(
          doctor.out().contains("another machine, or a copy of this node's folder"), doctor::out);
      assertEquals("", seed.complaints());
    }
    Outcome doctor = twin.run("doctor").succeeded();
    assertFalse(doctor.out().contains("copy of this node's folder"), doctor::out);
  }

  @Test
  void aCopyCannotOfferTheSame() throws Exception {
    try (ChildProcess _ = alice.seed("same", state("same"))) {
      Expect.refused(
          ExitStatus.FAILED,
          twin.runSeed("same", state("same-of-twin")),
          "'same' is offered already with the identity of this node (alice), but elsewhere",
          "--home");
    }
  }

  @Test
  void noOtherProcessOfTheNodeCanOfferTheSame() throws Exception {
    try (ChildProcess _ = alice.seed("mine", state("mine"))) {
      Expect.refused(
          ExitStatus.FAILED,
          alice.runSeed("mine", state("mine-too")),
          "Another process of this node offers 'mine' already",
          "godwit status");
    }
  }

  @Test
  void whatTwoOfferUnderOneNameIsNotTaken() throws Exception {
    try (ChildProcess first = alice.seed("split", state("split"))) {
      world.signal("STOP", first.pid());
      // It cannot see the other one now, which does not answer.
      try (ChildProcess _ = twin.seed("split", state("split-of-twin"))) {
        world.signal("CONT", first.pid());
        Patience.until(
            "both are there",
            () -> bob.run("ls").out().lines().filter(line -> line.contains("split")).count() == 2);
        assertTrue(bob.run("ls").out().contains("offered twice with the same identity"));
        Path target = world.path("taken");
        Expect.refused(
            ExitStatus.FAILED,
            bob.runLeech("alice/split", target),
            "alice/split is offered from several places with the same identity");
        assertFalse(Files.exists(target));
        Expect.refused(
            ExitStatus.FAILED,
            bob.run("mount", "alice/split", world.path("mounted").toString()),
            "several places");
      }
      bob.runLeech("alice/split", world.path("taken")).succeeded();
      assertEquals(0, first.awaitEnd(PATIENCE), first::complaints);
    }
  }
}
