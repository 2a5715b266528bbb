package dev.godwit.testnetwork;

import static dev.godwit.testnetwork.World.PATIENCE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.cli.ExitStatus;
import dev.godwit.demo.ChildProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Mounts as files, by the command, and used by other programs. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MountTest {
  private static final int SIZE = 8 << 20;

  /** Takes longer to come than to be told that it is coming. */
  private static final int LARGE = 256 << 20;

  private World world;
  private Member alice;
  private Member bob;
  private int count;

  @BeforeAll
  void found(@TempDir Path directory) throws Exception {
    world = World.in(directory);
    var members = world.mesh("alice", "bob");
    alice = members.getFirst();
    bob = members.getLast();
  }

  @AfterAll
  void end() throws Exception {
    world.close();
  }

  private Path random(int size) throws Exception {
    Path file = world.path("state" + count++);
    byte[] bytes = new byte[size];
    new Random(count).nextBytes(bytes);
    return Files.write(file, bytes);
  }

  private Path place() {
    return world.path("mounted" + count++);
  }

  private void unmounted(ChildProcess mount, Path at) throws Exception {
    Outcome umount = bob.run("umount", at.toString()).succeeded();
    assertTrue(umount.out().contains("is saved and unmounted"), umount::out);
    assertEquals(0, mount.awaitEnd(PATIENCE), mount::complaints);
    assertFalse(Files.exists(at));
  }

  @Test
  void aMountIsTheSameFileAndWhatIsWrittenIsAtTheOwnerAfterwards() throws Exception {
    Path state = random(SIZE);
    String before = StateFile.sha256(state);
    Path at = place();
    try (ChildProcess seed = alice.seed("plain", state);
        ChildProcess mount = bob.start("mount", "alice/plain", at.toString())) {
      mount.await("ready", PATIENCE);
      Programs programs = world.programs();
      assertTrue(programs.run("sha256sum", at.toString()).succeeded().out().startsWith(before));
      programs
          .run(
              "dd",
              "if=/dev/zero",
              "of=" + at,
              "bs=4096",
              "count=3",
              "seek=5",
              "conv=notrunc,fsync")
          .succeeded();
      // The program's fsync has returned: it is there already.
      byte[] there = Files.readAllBytes(state);
      for (int i = 5 * 4096; i < 8 * 4096; i++) {
        assertEquals(0, there[i]);
      }
      programs
          .run("dd", "if=/dev/zero", "of=" + at, "bs=1", "count=1", "seek=77", "conv=notrunc")
          .succeeded();
      unmounted(mount, at);
      assertEquals(0, Files.readAllBytes(state)[77]);
      assertTrue(seed.complaints().isEmpty(), seed::complaints);
    }
  }

  @Test
  void withPullFirstEverythingIsHereOnceItIsReady() throws Exception {
    Path state = random(64 << 20);
    Path at = place();
    ChildProcess seed = alice.seed("first", state);
    try (ChildProcess mount =
        bob.start("mount", "alice/first", at.toString(), "--pull-first", "--timeout", "5s")) {
      mount.await("ready", PATIENCE);
      seed.close();
      world.programs().run("cmp", state.toString(), at.toString()).succeeded();
      unmounted(mount, at);
    }
  }

  @Test
  void whatIsPulledFirstIsNotOpenBeforeAndAnInterruptedPullGoesOnLater() throws Exception {
    Path state = random(LARGE);
    Path at = place();
    String[] mounting = {
      "mount",
      "alice/pulled",
      at.toString(),
      "--pull-first",
      "--cache",
      world.path("pulled").toString()
    };
    try (ChildProcess seed = alice.seed("pulled", state)) {
      long came;
      try (ChildProcess mount = bob.start(mounting)) {
        mount.await("progress", PATIENCE);
        world.signal("STOP", seed.pid());
        assertFalse(Files.exists(at));
        Outcome list = bob.run("mount", "--list").succeeded();
        String line =
            list.out()
                .lines()
                .filter(one -> one.contains(at.toString()))
                .findFirst()
                .orElseThrow(() -> new AssertionError(list.out()));
        assertTrue(line.startsWith("alice/pulled "), list::out);
        assertTrue(line.contains(" here, not open yet "), list::out);
        assertTrue(line.contains("(process "), list::out);
        boolean _ = ProcessHandle.of(mount.pid()).orElseThrow().destroy();
        world.signal("CONT", seed.pid());
        assertEquals(0, mount.awaitEnd(PATIENCE), mount::complaints);
        assertFalse(Files.exists(at));
        assertTrue(mount.events().stream().noneMatch(event -> "ready".equals(event.get("event"))));
        came =
            bytesHere(
                mount.events().stream()
                    .filter(event -> "progress".equals(event.get("event")))
                    .findFirst()
                    .orElseThrow());
        assertTrue(came > 0);
      }
      try (ChildProcess mount = bob.start(mounting)) {
        assertTrue(bytesHere(mount.await("progress", PATIENCE)) >= came);
        mount.await("ready", PATIENCE);
        world.programs().run("cmp", state.toString(), at.toString()).succeeded();
        unmounted(mount, at);
      }
    }
  }

  @Test
  void umountEndsAPullBeforeItOpens() throws Exception {
    Path state = random(LARGE);
    Path at = place();
    try (ChildProcess seed = alice.seed("ending", state);
        ChildProcess mount = bob.start("mount", "alice/ending", at.toString(), "--pull-first")) {
      mount.await("progress", PATIENCE);
      unmounted(mount, at);
      assertTrue(mount.events().stream().noneMatch(event -> "ready".equals(event.get("event"))));
    }
  }

  private static long bytesHere(Map<String, String> progress) {
    return Long.parseLong(progress.getOrDefault("bytesHere", "-1"));
  }

  @Test
  void aPullBeforeItOpensFailsInTimeWhenItsOwnerDoesNotComeBack() throws Exception {
    Path state = random(LARGE);
    ChildProcess seed = alice.seed("lost", state);
    try (ChildProcess mount =
        bob.start("mount", "alice/lost", place().toString(), "--pull-first", "--timeout", "2s")) {
      mount.await("progress", PATIENCE);
      seed.close();
      Expect.refused(
          ExitStatus.UNREACHABLE,
          mount,
          "alice/lost was not opened: nothing has come for 2 s",
          "when alice is back");
    }
  }

  @Test
  void aPullBeforeItOpensSaysWhenThereIsNoRoom() throws Exception {
    Path state = random(SIZE);
    Path small = Files.createDirectory(world.path("small"));
    Path cache = small.resolve("cache");
    try (ChildProcess _ = alice.seed("roomy", state);
        ChildProcess mount =
            bob.startAfter(
                "mount -t tmpfs -o size=4M none '" + small + "'",
                "mount",
                "alice/roomy",
                place().toString(),
                "--pull-first",
                "--cache",
                cache.toString())) {
      Expect.refused(
          ExitStatus.FAILED,
          mount,
          "alice/roomy does not fit here: No space left on device",
          "Make room where " + cache + " is");
    }
  }

  @ParameterizedTest
  @CsvSource({"--no-pull,--pull-first", "--direct,--pull-first", "--direct,--no-pull"})
  void waysToPullExcludeEachOther(String one, String other) throws Exception {
    Expect.refused(
        ExitStatus.USAGE,
        bob.run("mount", "alice/plain", place().toString(), one, other),
        other + " makes no sense with it");
  }

  @Test
  void aDirectMountKeepsNothing() throws Exception {
    Path state = random(1 << 20);
    Path at = place();
    try (ChildProcess seed = alice.seed("direct", state);
        ChildProcess mount = bob.start("mount", "alice/direct", at.toString(), "--direct")) {
      mount.await("ready", PATIENCE);
      world.programs().run("cmp", state.toString(), at.toString()).succeeded();
      world
          .programs()
          .run("dd", "if=/dev/zero", "of=" + at, "bs=4096", "count=1", "conv=notrunc,fsync")
          .succeeded();
      world.programs().run("cmp", state.toString(), at.toString()).succeeded();
      unmounted(mount, at);
    }
  }

  @Test
  void aReadOnlyMountCannotBeWrittenAndAnotherOneCan() throws Exception {
    Path state = random(1 << 20);
    Path at = place();
    Path other = place();
    try (ChildProcess seed = alice.seed("shared", state);
        ChildProcess reader = bob.start("mount", "alice/shared", at.toString(), "--read-only");
        ChildProcess writer = bob.start("mount", "alice/shared", other.toString())) {
      reader.await("ready", PATIENCE);
      writer.await("ready", PATIENCE);
      Outcome refused =
          world.programs().run("dd", "if=/dev/zero", "of=" + at, "count=1", "conv=notrunc");
      assertTrue(refused.status() != 0, refused::err);
      Outcome second = bob.run("mount", "alice/shared", place().toString());
      assertEquals(1, second.status());
      assertTrue(second.err().contains("is mounted here already"), second::err);
      Outcome third = bob.run("mount", "alice/shared", place().toString(), "--direct");
      assertEquals(1, third.status());
      assertTrue(third.err().contains("is being written by a mount on bob"), third::err);
      Outcome list = bob.run("mount", "--list").succeeded();
      assertTrue(list.out().contains(at.toString()), list::out);
      assertTrue(list.out().contains(other.toString()), list::out);
      unmounted(writer, other);
      unmounted(reader, at);
    }
  }

  /** Reads again and again until it is so; the test's timeout ends this when it never is. */
  private void awaitSame(Path state, Path at) throws Exception {
    while (world.programs().run("cmp", state.toString(), at.toString()).status() != 0) {
      Thread.onSpinWait();
    }
  }

  @Test
  void readersSeeWhatAnotherMountWritesAndWhatTheOwnersProgramDoes() throws Exception {
    Path state = random(SIZE);
    Path at = place();
    Path direct = place();
    Path other = place();
    Path own = place();
    Programs programs = world.programs();
    String[] write = {
      "dd", "if=/dev/urandom", "bs=4096", "count=3", "seek=5", "conv=notrunc,fsync"
    };
    ChildProcess seed = alice.seed("watched", state);
    try (ChildProcess reader = bob.start("mount", "alice/watched", at.toString(), "--read-only");
        ChildProcess remote =
            bob.start("mount", "alice/watched", direct.toString(), "--direct", "--read-only")) {
      reader.await("ready", PATIENCE);
      remote.await("ready", PATIENCE);
      awaitSame(state, at);
      awaitSame(state, direct);
      try (ChildProcess writer = bob.start("mount", "alice/watched", other.toString())) {
        writer.await("ready", PATIENCE);
        programs.run(with(write, "of=" + other)).succeeded();
        awaitSame(other, at);
        awaitSame(other, direct);
        unmounted(writer, other);
      }
      awaitSame(state, at);
      seed.close();
      seed = alice.seed("watched", state, "--device", "file:" + own);
      programs.run(with(write, "of=" + own)).succeeded();
      awaitSame(own, at);
      awaitSame(own, direct);
      unmounted(remote, direct);
      unmounted(reader, at);
    } finally {
      seed.close();
    }
  }

  private static String[] with(String[] command, String more) {
    String[] all = Arrays.copyOf(command, command.length + 1);
    all[command.length] = more;
    return all;
  }

  @Test
  void aMountThatIsInUseStays() throws Exception {
    Path state = random(1 << 20);
    Path at = place();
    try (ChildProcess seed = alice.seed("busy", state);
        ChildProcess mount = bob.start("mount", "alice/busy", at.toString())) {
      mount.await("ready", PATIENCE);
      Process user = new ProcessBuilder("tail", "-f", at.toString()).start();
      try {
        int first = user.getInputStream().read();
        assertTrue(first >= 0);
        Outcome refused = bob.run("umount", at.toString(), "--timeout", "1s");
        assertEquals(1, refused.status(), refused::err);
        assertTrue(refused.err().contains("in use"), refused::err);
        world.programs().run("cmp", state.toString(), at.toString()).succeeded();
      } finally {
        user.destroyForcibly().waitFor();
      }
      unmounted(mount, at);
    }
  }

  @Test
  void aMountWhoseStateHasMovedSaysSoAndEndsAtOnce() throws Exception {
    Path state = random(SIZE);
    Path at = place();
    Path moved = world.path("moved" + count++);
    try (ChildProcess seed = alice.seed("leaving", state);
        ChildProcess mount = bob.start("mount", "alice/leaving", at.toString())) {
      mount.await("ready", PATIENCE);
      bob.runLeech("alice/leaving", moved).succeeded();
      mount.await(
          "that it is lost",
          event -> event.getOrDefault("lost", "").equals("leaving has moved to bob"),
          PATIENCE);
      assertEquals(0, seed.awaitEnd(PATIENCE), seed::complaints);
      bob.run("umount", at.toString()).succeeded();
      assertEquals(0, mount.awaitEnd(PATIENCE), mount::complaints);
      assertEquals(StateFile.sha256(state), StateFile.sha256(moved));
    }
  }

  @Test
  void whatCannotBeSavedIsKeptAndSavedByTheNextMount() throws Exception {
    Path state = random(1 << 20);
    Path at = place();
    ChildProcess seed = alice.seed("away", state);
    try (ChildProcess mount =
        bob.start(
            "mount", "alice/away", at.toString(), "--durability", "local", "--timeout", "3s")) {
      mount.await("ready", PATIENCE);
      seed.close();
      world
          .programs()
          .run("dd", "if=/dev/zero", "of=" + at, "bs=4096", "count=2", "conv=notrunc,fsync")
          .succeeded();
      Outcome umount = bob.run("umount", at.toString());
      assertEquals(5, umount.status(), umount::err);
      assertTrue(umount.err().contains("could not be saved"), umount::err);
      assertEquals(5, mount.awaitEnd(PATIENCE));
    }
    assertTrue(Files.readAllBytes(state)[0] != 0 || Files.readAllBytes(state)[1] != 0);
    try (ChildProcess again = alice.seed("away", state);
        ChildProcess mount = bob.start("mount", "alice/away", at.toString())) {
      mount.await("ready", PATIENCE);
      unmounted(mount, at);
    }
    byte[] there = Files.readAllBytes(state);
    for (int i = 0; i < 8192; i++) {
      assertEquals(0, there[i]);
    }
  }

  @Test
  void aCacheWhoseJournalIsDamagedIsNotUsed() throws Exception {
    Path state = random(1 << 20);
    Path at = place();
    Path cache = world.path("cache");
    String[] mounting = {"mount", "alice/kept", at.toString(), "--cache", cache.toString()};
    try (ChildProcess _ = alice.seed("kept", state)) {
      try (ChildProcess mount = bob.start(mounting)) {
        mount.await("ready", PATIENCE);
        unmounted(mount, at);
      }
      Path journal = world.path("cache.godwit").resolve("cache");
      byte[] bytes = Files.readAllBytes(journal);
      bytes[0] ^= 1;
      Files.write(journal, bytes);
      Expect.refused(
          ExitStatus.FAILED,
          bob.run(mounting),
          journal + " is damaged at byte 0",
          "delete it with its folder cache.godwit");
      assertArrayEquals(bytes, Files.readAllBytes(journal));
    }
  }

  @Test
  void aFileSystemOnAMountIsWholeAfterwards() throws Exception {
    Path state = world.path("disk");
    world.programs().run("mkfs.ext4", "-q", "-F", state.toString(), "64M").succeeded();
    Path at = place();
    try (ChildProcess seed = alice.seed("disk", state);
        ChildProcess mount = bob.start("mount", "alice/disk", at.toString())) {
      mount.await("ready", PATIENCE);
      world.programs().run("e2fsck", "-fn", at.toString()).succeeded();
      Path folder = Files.createDirectories(world.path("files"));
      Files.write(folder.resolve("hello"), new byte[100_000]);
      world
          .programs()
          .run("debugfs", "-w", "-R", "write " + folder.resolve("hello") + " hello", at.toString())
          .succeeded();
      world.programs().run("e2fsck", "-fn", at.toString()).succeeded();
      unmounted(mount, at);
    }
    world.programs().run("e2fsck", "-fn", state.toString()).succeeded();
    Outcome listed =
        world.programs().run("debugfs", "-R", "stat hello", state.toString()).succeeded();
    assertTrue(listed.out().contains("Size: 100000"), listed::out);
  }
}
