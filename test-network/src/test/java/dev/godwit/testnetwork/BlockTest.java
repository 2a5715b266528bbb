package dev.godwit.testnetwork;

import static dev.godwit.testnetwork.World.PATIENCE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.demo.ChildProcess;
import dev.godwit.testing.Patience;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Resources as disks, by the command, and used by other programs. Needs root. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BlockTest {
  private static final long SIZE = 64 << 20;

  /** What is at a disk's place, whichever kind of disk this machine has. */
  private static final String DISK = "/dev/(loop|nbd)\\d+";

  private World world;
  private LoopDevices loops;
  private Member alice;
  private Member bob;

  @BeforeAll
  void found(@TempDir Path place) throws Exception {
    world = World.in(place);
    loops = LoopDevices.of(world);
    var members = world.mesh("alice", "bob");
    alice = members.getFirst();
    bob = members.getLast();
  }

  @AfterAll
  void end() throws Exception {
    try (var _ = world) {
      // After a failed test there may be some; one that is mounted goes when the world unmounts it.
      loops.close();
    }
  }

  private String disk(Map<String, String> ready) {
    String at = ready.get("at");
    assertTrue(at != null && at.matches(DISK), () -> "at " + at);
    return at;
  }

  private long filesBelow(Member member) throws Exception {
    try (Stream<Path> files = Files.list(member.home().resolve("mounts"))) {
      return files.filter(file -> file.toString().endsWith(".disk")).count();
    }
  }

  private void assertNothingIsLeft() throws Exception {
    assertEquals(List.of(), loops.now());
    assertEquals(0, filesBelow(bob));
  }

  private void run(String... command) throws Exception {
    world.programs().run(command).succeeded();
  }

  @Test
  void aMountedDiskCarriesAFileSystemAndStaysWhileThatIsMounted() throws Exception {
    Path state = StateFile.create(world.path("disk"), SIZE, 1 << 20, 1);
    Path folder = Files.createDirectories(world.path("folder"));
    try (ChildProcess seed = alice.seed("disk", state);
        ChildProcess mount = bob.start("mount", "alice/disk", "block")) {
      String disk = disk(mount.await("ready", PATIENCE));
      assertEquals(
          SIZE,
          Long.parseLong(world.programs().run("blockdev", "--getsize64", disk).out().strip()));
      run("cmp", state.toString(), disk);
      run("mkfs.ext4", "-q", "-F", disk);
      run("mount", disk, folder.toString());
      Files.writeString(folder.resolve("hello"), "written through a disk");
      Outcome list = bob.run("mount", "--list").succeeded();
      assertTrue(list.out().contains(disk), list::out);
      Outcome refused = bob.run("umount", disk, "--timeout", "1s");
      assertEquals(1, refused.status(), refused::err);
      assertTrue(refused.err().contains("is in use"), refused::err);
      assertEquals("written through a disk", Files.readString(folder.resolve("hello")));
      run("umount", folder.toString());
      run("e2fsck", "-fn", disk);
      Outcome umount = bob.run("umount", disk).succeeded();
      assertTrue(umount.out().contains("is saved and unmounted"), umount::out);
      assertEquals(0, mount.awaitEnd(PATIENCE), mount::complaints);
      assertTrue(mount.complaints().isEmpty(), mount::complaints);
      assertTrue(seed.complaints().isEmpty(), seed::complaints);
    }
    assertNothingIsLeft();
    run("e2fsck", "-fn", state.toString());
    Outcome hello = world.programs().run("debugfs", "-R", "cat hello", state.toString());
    assertEquals("written through a disk", hello.succeeded().out());
  }

  @Test
  void aReadOnlyMountIsAReadOnlyDisk() throws Exception {
    Path state = StateFile.create(world.path("fixed"), 1 << 20, 1 << 20, 1);
    try (ChildProcess seed = alice.seed("fixed", state);
        ChildProcess mount = bob.start("mount", "alice/fixed", "block", "--read-only")) {
      String disk = disk(mount.await("ready", PATIENCE));
      run("cmp", state.toString(), disk);
      Outcome refused = world.programs().run("dd", "if=/dev/zero", "of=" + disk, "count=1");
      assertTrue(refused.status() != 0, refused::err);
      bob.run("umount", disk).succeeded();
      assertEquals(0, mount.awaitEnd(PATIENCE), mount::complaints);
      assertTrue(seed.complaints().isEmpty(), seed::complaints);
    }
    assertNothingIsLeft();
  }

  @Test
  void aDiskThatIsOnlyReadShowsWhatOthersWrite() throws Exception {
    Path state = StateFile.create(world.path("watched"), 1 << 20, 1 << 20, 1);
    Path other = world.path("writing");
    try (ChildProcess seed = alice.seed("watched", state);
        ChildProcess reader = bob.start("mount", "alice/watched", "block", "--read-only");
        ChildProcess writer = bob.start("mount", "alice/watched", other.toString())) {
      String disk = disk(reader.await("ready", PATIENCE));
      writer.await("ready", PATIENCE);
      run("cmp", state.toString(), disk);
      // Who has it open keeps what the kernel has of it.
      try (var _ = FileChannel.open(Path.of(disk))) {
        run("cmp", state.toString(), disk);
        run("dd", "if=/dev/urandom", "of=" + other, "bs=4096", "count=9", "conv=notrunc,fsync");
        // The test's timeout ends this when it is never so.
        while (world.programs().run("cmp", state.toString(), disk).status() != 0) {
          Thread.onSpinWait();
        }
      }
      bob.run("umount", disk).succeeded();
      bob.run("umount", other.toString()).succeeded();
      assertEquals(0, reader.awaitEnd(PATIENCE), reader::complaints);
      assertTrue(reader.complaints().isEmpty(), reader::complaints);
    }
    assertNothingIsLeft();
  }

  @Test
  void whoDetachesTheDiskEndsTheMount() throws Exception {
    Path state = StateFile.create(world.path("taken"), 1 << 20, 1 << 20, 1);
    try (ChildProcess seed = alice.seed("taken", state);
        ChildProcess mount = bob.start("mount", "alice/taken", "block")) {
      String disk = disk(mount.await("ready", PATIENCE));
      if (disk.startsWith("/dev/loop")) {
        run("losetup", "--detach", disk);
      } else {
        run("nbd-client", "-d", disk);
      }
      assertEquals(0, mount.awaitEnd(PATIENCE), mount::complaints);
      assertTrue(seed.complaints().isEmpty(), seed::complaints);
    }
    assertNothingIsLeft();
  }

  @Test
  void aMountThatIsToldToEndDoesSoAlthoughItsDiskIsInUse() throws Exception {
    Path state = StateFile.create(world.path("used"), SIZE, 1 << 20, 1);
    Path folder = Files.createDirectories(world.path("used-folder"));
    try (ChildProcess seed = alice.seed("used", state);
        ChildProcess mount = bob.start("mount", "alice/used", "block", "--timeout", "5s")) {
      String disk = disk(mount.await("ready", PATIENCE));
      run("mkfs.ext4", "-q", "-F", disk);
      run("mount", disk, folder.toString());
      mount.stop();
      run("umount", folder.toString());
      assertTrue(seed.complaints().isEmpty(), seed::complaints);
    }
    Patience.until("the disk goes with the last who uses it", () -> loops.now().isEmpty());
    assertNothingIsLeft();
  }

  @Test
  void aDiskMovesWithEverythingThatWasWrittenToIt() throws Exception {
    Path state = StateFile.create(world.path("moving"), 8 << 20, 1 << 20, 1);
    Path written = StateFile.random(world.path("written"), 4 << 20, 7);
    try (ChildProcess seed =
        alice.start(
            "seed",
            "moving",
            "--from",
            state.toString(),
            "--listen",
            "127.0.0.1:0",
            "--device",
            "block")) {
      String here = disk(seed.await("ready", PATIENCE));
      // Neither forced out nor closed: the system has it still when the program is suspended.
      try (FileChannel open = FileChannel.open(Path.of(here), StandardOpenOption.WRITE);
          ChildProcess leech =
              afterWriting(
                  open,
                  written,
                  () -> bob.leech("alice/moving", world.path("moved"), "--device", "block"))) {
        String there = disk(leech.await("ready", PATIENCE));
        assertFalse(here.equals(there));
        leech.await("complete", PATIENCE);
        assertEquals(0, seed.awaitEnd(PATIENCE), seed::complaints);
        run("cmp", "--bytes=" + (4 << 20), written.toString(), there, "0", "1048576");
        run("cmp", "--bytes=" + (1 << 20), state.toString(), there);
        assertEquals(0, leech.stop(), leech::complaints);
      }
    }
    assertNothingIsLeft();
    run(
        "cmp",
        "--bytes=" + (4 << 20),
        written.toString(),
        world.path("moved").toString(),
        "0",
        "1048576");
  }

  private static ChildProcess afterWriting(
      FileChannel disk, Path written, Callable<ChildProcess> start) throws Exception {
    int _ = disk.write(ByteBuffer.wrap(Files.readAllBytes(written)), 1 << 20);
    return start.call();
  }

  @Test
  void whatCannotBeADiskIsRefusedWithAdvice() throws Exception {
    Path state = StateFile.create(world.path("none"), 1 << 20, 1 << 20, 1);
    try (ChildProcess seed = alice.seed("none", state)) {
      Outcome other = bob.run("mount", "alice/none", "block:/dev/sda");
      assertEquals(2, other.status(), other::err);
      assertTrue(other.err().contains("write block, or block:/dev/nbd0"), other::err);
      if (!Files.exists(Path.of("/sys/block/nbd0"))) {
        Outcome missing = bob.run("mount", "alice/none", "block:/dev/nbd0");
        assertEquals(1, missing.status(), missing::err);
        assertTrue(missing.err().contains("modprobe nbd"), missing::err);
      }
      assertTrue(seed.complaints().isEmpty(), seed::complaints);
    }
  }
}
