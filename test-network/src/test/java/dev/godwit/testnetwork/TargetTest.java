package dev.godwit.testnetwork;

import static dev.godwit.testnetwork.World.PATIENCE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.cli.ExitStatus;
import dev.godwit.demo.ChildProcess;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Targets that are not as they should be. */
class TargetTest extends MeshForAll {
  @Test
  void aFileThatIsNotEmptyIsLeftAlone() throws Exception {
    Path target = Files.writeString(world.path("precious"), "precious");
    try (Offer offer = Offer.of(world, alice, "kept")) {
      Expect.refused(
          ExitStatus.FAILED,
          bob.runLeech("alice/kept", target),
          "exists and is not empty",
          "--overwrite");
      assertEquals("precious", Files.readString(target));
      offer.assertUntouched();
    }
  }

  @Test
  void aFileThatIsNotEmptyIsReplacedOnDemand() throws Exception {
    Path target = Files.writeString(world.path("worthless"), "worthless");
    try (Offer offer = Offer.of(world, alice, "replacing")) {
      bob.runLeech("alice/replacing", target, "--overwrite").succeeded();
      assertEquals(offer.sha256(), StateFile.sha256(target));
      assertEquals(0, offer.process().awaitEnd(PATIENCE));
    }
  }

  @Test
  void aFileIsNotReplacedBeforeTheSeederAgrees() throws Exception {
    Path precious = Files.writeString(world.path("kept-precious"), "precious");
    Path hold = Files.createFile(world.path("hold-busy"));
    String whileHeld = "while [ -e '" + hold + "' ]; do sleep 0.1; done";
    try (Offer offer = Offer.of(world, alice, "busy", "--on-suspend", whileHeld);
        ChildProcess first = bob.leech("alice/busy", world.path("first"))) {
      offer.awaitState("finalized");
      try {
        Expect.refused(
            ExitStatus.FAILED,
            bob.runLeech("alice/busy", precious, "--overwrite"),
            "alice refuses",
            "busy");
        assertEquals("precious", Files.readString(precious));
        assertFalse(Files.exists(world.path("kept-precious.godwit")));
      } finally {
        Files.delete(hold);
      }
      assertEquals(0, first.awaitEnd(PATIENCE));
    }
  }

  @Test
  void anEmptyFileIsUsed() throws Exception {
    Path target = Files.createFile(world.path("empty"));
    try (Offer offer = Offer.of(world, alice, "filling")) {
      bob.runLeech("alice/filling", target).succeeded();
      assertEquals(offer.sha256(), StateFile.sha256(target));
    }
  }

  @Test
  void aFolderThatDoesNotExist() throws Exception {
    try (Offer offer = Offer.of(world, alice, "nowhere")) {
      Expect.refused(
          ExitStatus.FAILED,
          bob.runLeech("alice/nowhere", world.path("no/where")),
          "There is no folder",
          world.path("no").toString());
      offer.assertUntouched();
    }
  }

  @Test
  void aDeviceSocketThatIsInUse() throws Exception {
    Path target = world.path("no-device");
    try (Offer offer = Offer.of(world, alice, "deviceless")) {
      Expect.refused(
          ExitStatus.FAILED,
          bob.runLeech("alice/deviceless", target, "--device", "nbd:unix:" + offer.socket()),
          offer.socket().toString(),
          "in use");
      offer.assertUntouched();
    }
  }

  @Test
  void anUnfinishedCopyOfAnotherState() throws Exception {
    Path target = world.path("unfinished");
    Path file = world.path("changing");
    // The leecher has asked for the state, and ends before there is an answer.
    Path hold = Files.createFile(world.path("hold"));
    String whileHeld = "while [ -e '" + hold + "' ]; do sleep 0.1; done";
    try (Offer offer = Offer.of(world, alice, "changing", "--on-suspend", whileHeld);
        ChildProcess leech = bob.leech("alice/changing", target)) {
      offer.awaitState("finalized");
      leech.close();
      Files.delete(hold);
      offer.awaitState("handed-over");
    }
    String before = StateFile.sha256(target);
    Files.delete(file);
    Path remembered = file.resolveSibling("changing.godwit");
    Files.delete(remembered.resolve("journal"));
    try (Offer larger = Offer.of(world, alice, "changing", 2 * Offer.SIZE)) {
      Expect.refused(
          ExitStatus.FAILED,
          bob.runLeech("alice/changing", target),
          "unfinished copy",
          Long.toString(Offer.SIZE),
          Long.toString(2 * Offer.SIZE));
      assertEquals(before, StateFile.sha256(target));
      larger.assertUntouched();
    }
  }

  @Test
  void tooLittleSpace() throws Exception {
    Path small = Files.createDirectory(world.path("small"));
    try (Offer offer = Offer.of(world, alice, "large", 16 << 20);
        ChildProcess leech =
            bob.leechAfter(mount("8M", small), "alice/large", small.resolve("target"))) {
      Expect.refused(ExitStatus.FAILED, leech, "needs 16777216 bytes", "are free at " + small);
      offer.assertUntouched();
    }
  }

  @Test
  void spaceThatRunsOutOnTheWay() throws Exception {
    Path small = Files.createDirectory(world.path("shrinking"));
    long size = 192 << 20;
    try (Offer offer = Offer.of(world, alice, "growing", size);
        ChildProcess leech =
            bob.leechAfter(mount("200M", small), "alice/growing", small.resolve("target"))) {
      leech.await("ready", PATIENCE);
      // Nothing comes while the seeder is stopped, and then there is no room for it any more.
      world.signal("STOP", offer.process().pid());
      fill(Path.of("/proc", Long.toString(leech.pid()), "root" + small.resolve("filler")));
      world.signal("CONT", offer.process().pid());
      Expect.refused(
          ExitStatus.FAILED, leech, "alice/growing was not moved", "No space left", "still there");
      offer.assertUntouched();
      assertFalse(
          offer.process().events().stream()
              .anyMatch(event -> "handed-over".equals(event.get("state"))));
    }
  }

  private static String mount(String size, Path where) {
    return "mount -t tmpfs -o size=" + size + " none '" + where + "'";
  }

  private static void fill(Path file) throws IOException {
    byte[] step = new byte[1 << 20];
    IOException full =
        assertThrows(
            IOException.class,
            () -> {
              try (OutputStream out = Files.newOutputStream(file)) {
                while (true) {
                  out.write(step);
                }
              }
            });
    assertTrue(String.valueOf(full.getMessage()).contains("No space"), full::toString);
  }
}
