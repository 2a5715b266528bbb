package dev.godwit.testnetwork;

import static dev.godwit.testnetwork.World.PATIENCE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.cli.ExitStatus;
import dev.godwit.demo.ChildProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** States that are disks: whatever such a disk is called, it is the same one. */
class DiskTest extends MeshForAll {
  private static final int SIZE = 1 << 20;

  private LoopDevices disks() {
    return LoopDevices.of(world);
  }

  @AfterEach
  void detach() throws Exception {
    int _ = disks().release();
  }

  private String disk(Path file) throws IOException, InterruptedException {
    return world
        .programs()
        .run("losetup", "--find", "--show", file.toString())
        .succeeded()
        .out()
        .strip();
  }

  /** Full of something else. */
  private Path used(String name, int size) throws IOException {
    return StateFile.random(world.path(name), size, 99);
  }

  private String onDisk(String disk) throws IOException, InterruptedException {
    return world.programs().run("sha256sum", disk).succeeded().out().split(" ", -1)[0];
  }

  @Test
  void aStateIsMovedOntoADiskAndFromThereOn() throws Exception {
    Path file = used("onto.img", SIZE);
    String disk = disk(file);
    // Where the state is empty, the disk is not.
    Path sparse = world.path("sparse.img");
    world.programs().run("truncate", "-s", Integer.toString(SIZE), sparse.toString()).succeeded();
    world
        .programs()
        .run("sh", "-c", "echo state | dd conv=notrunc bs=1 seek=500000 of=" + sparse)
        .succeeded();
    String sum = StateFile.sha256(sparse);
    try (ChildProcess seed = alice.seed("onto", sparse)) {
      Expect.refused(
          ExitStatus.FAILED, bob.runLeech("alice/onto", Path.of(disk)), "exists", "--overwrite");
      bob.runLeech("alice/onto", Path.of(disk), "--overwrite").succeeded();
      assertEquals(0, seed.awaitEnd(PATIENCE));
    }
    assertEquals(sum, onDisk(disk));
    assertTrue(Files.isDirectory(world.path("onto.img.godwit")));
    try (ChildProcess seed = bob.seed("further", Path.of(disk))) {
      alice.runLeech("bob/further", world.path("further.img")).succeeded();
      assertEquals(0, seed.awaitEnd(PATIENCE));
    }
    assertEquals(sum, StateFile.sha256(world.path("further.img")));
  }

  /** As after a restart of the machine. */
  @Test
  void aDiskThatHasMovedIsOldByAnotherNameToo() throws Exception {
    Path file = used("moved.img", SIZE);
    String disk = disk(file);
    try (ChildProcess seed = alice.seed("moved", Path.of(disk))) {
      bob.runLeech("alice/moved", world.path("moved-to.img")).succeeded();
      assertEquals(0, seed.awaitEnd(PATIENCE));
    }
    assertFalse(Files.exists(Path.of(disk + ".godwit")));
    String another = disk(file);
    Expect.refused(ExitStatus.FAILED, alice.runSeed("moved", Path.of(another)), "this copy is old");
    Expect.refused(ExitStatus.FAILED, alice.runSeed("moved", file), "this copy is old");
  }

  @Test
  void aDiskAndItsFileAreNotOfferedBoth() throws Exception {
    Path file = used("both.img", SIZE);
    String disk = disk(file);
    try (ChildProcess _ = alice.seed("both", file)) {
      Expect.refused(
          ExitStatus.FAILED, bob.runSeed("other", Path.of(disk)), "Another godwit process uses");
    }
  }

  /** What is remembered is beside either name, but the file is one. */
  @Test
  void aFileThatIsMountedElsewhereIsTheSameThere() throws Exception {
    Path folder = Files.createDirectory(world.path("here"));
    Path elsewhere = Files.createDirectory(world.path("elsewhere"));
    StateFile.random(folder.resolve("state.img"), SIZE, 5);
    Files.createFile(elsewhere.resolve("state.img"));
    Path other = elsewhere.resolve("state.img");
    world
        .programs()
        .run("mount", "--bind", folder.resolve("state.img").toString(), other.toString())
        .succeeded();
    try (ChildProcess _ = alice.seed("here", folder.resolve("state.img"))) {
      Expect.refused(
          ExitStatus.FAILED, bob.runSeed("elsewhere", other), "Another godwit process uses");
    } finally {
      world.programs().run("umount", other.toString()).succeeded();
    }
  }

  @Test
  void aDiskOfAnotherSizeIsLeftAlone() throws Exception {
    Path file = used("larger.img", 2 * SIZE);
    String before = StateFile.sha256(file);
    try (Offer offer = Offer.of(world, alice, "smaller")) {
      Expect.refused(
          ExitStatus.FAILED,
          bob.runLeech("alice/smaller", Path.of(disk(file)), "--overwrite"),
          "have to be the same");
      offer.assertUntouched();
    }
    assertEquals(before, StateFile.sha256(file));
  }

  @Test
  void aMountedDiskIsLeftAlone() throws Exception {
    Path file = used("mounted.img", 8 * SIZE);
    world.programs().run("mkfs.ext4", "-q", "-F", file.toString()).succeeded();
    String disk = disk(file);
    Path at = Files.createDirectory(world.path("mounted"));
    world.programs().run("mount", disk, at.toString()).succeeded();
    try (Offer offer = Offer.of(world, alice, "onto-mounted")) {
      Expect.refused(ExitStatus.FAILED, alice.runSeed("mounted", Path.of(disk)), "is mounted");
      Expect.refused(
          ExitStatus.FAILED,
          bob.runLeech("alice/onto-mounted", Path.of(disk), "--overwrite"),
          "is mounted");
      offer.assertUntouched();
    } finally {
      world.programs().run("umount", at.toString()).succeeded();
    }
  }

  @Test
  void aDiskThatNobodyWouldKnowAgainIsRefused() throws Exception {
    Path file = used("part.img", 2 * SIZE);
    String part =
        world
            .programs()
            .run("losetup", "--find", "--show", "--offset", Integer.toString(SIZE), file.toString())
            .succeeded()
            .out()
            .strip();
    Expect.refused(
        ExitStatus.FAILED, alice.runSeed("part", Path.of(part)), "is a part of the file", "Use");
  }
}
