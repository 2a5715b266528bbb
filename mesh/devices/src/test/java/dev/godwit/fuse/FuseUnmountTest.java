package dev.godwit.fuse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.backend.Backend.Latency;
import dev.godwit.backend.MemoryBackend;
import dev.godwit.backend.StagedBackend;
import dev.godwit.testing.Patience;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Unmounting always ends, whoever uses the file. Needs root and /dev/fuse. */
@Timeout(120)
final class FuseUnmountTest {
  private static final int SIZE = 1 << 20;
  private static final Duration SHORT = Duration.ofMillis(100);
  private static final Duration LONG = Patience.seconds(30);

  /** Has the file open until its standard input ends, then reads it. */
  private static final String HOLD = "exec 3<disk; echo ready; read x; head -c1 <&3";

  @TempDir Path directory;
  private Path disk;
  private Children children;
  private final Mounts mounts = new Mounts();

  @BeforeEach
  void prepare() {
    disk = directory.resolve("disk");
    children = new Children(directory);
  }

  @AfterEach
  void endAll() throws IOException {
    try (mounts) {
      children.close();
    } finally {
      children.unmount("disk");
    }
  }

  private void assertNothingMounted() throws IOException {
    assertTrue(MountTable.now().at(directory.toRealPath().resolve("disk")).isEmpty());
  }

  @Test
  void closingTwiceIsFine() throws Exception {
    FuseFile file = mounts.mount(new MemoryBackend(SIZE), disk);
    assertFalse(file.awaitEnd(Duration.ZERO));
    file.close();
    assertTrue(file.awaitEnd(Duration.ZERO));
    file.close();
    assertNothingMounted();
  }

  @Test
  void anOrderlyUnmountLeavesAFileInUseMountedAndServed() throws Exception {
    FuseFile file = mounts.mount(new MemoryBackend(SIZE), disk);
    var holder = children.start("sh", "-c", HOLD);
    var e = assertThrows(MountInUseException.class, () -> file.close(SHORT, Unmount.ORDERLY));
    assertTrue(String.valueOf(e.getMessage()).contains("fuser"), e::getMessage);
    assertEquals(SIZE, Files.size(disk));
    children.run("head", "-c1", "disk").succeeded();
    holder.letGo();
    assertEquals(0, holder.awaitEnd());
    file.close();
    assertNothingMounted();
  }

  @Test
  void anOrderlyUnmountWaitsForThoseWhoUseTheFile() throws Exception {
    FuseFile file = mounts.mount(new MemoryBackend(SIZE), disk);
    var holder = children.start("sh", "-c", HOLD);
    assertThrows(MountInUseException.class, () -> file.close(SHORT, Unmount.ORDERLY));
    holder.letGo();
    file.close(LONG, Unmount.ORDERLY);
    assertEquals(0, holder.awaitEnd());
    assertNothingMounted();
  }

  @Test
  void aForcedUnmountEndsThoseWhoUseTheFile() throws Exception {
    FuseFile file = mounts.mount(new MemoryBackend(SIZE), disk);
    var holder = children.start("sh", "-c", HOLD);
    file.close(SHORT, Unmount.FORCED);
    assertTrue(file.awaitEnd(Duration.ZERO));
    assertNothingMounted();
    assertFalse(Files.exists(disk));
    holder.letGo();
    assertEquals(1, holder.awaitEnd());
    assertTrue(holder.errors().contains("head: "), holder::errors);
  }

  @Test
  void aForcedUnmountDoesNotWaitForABackendThatHangs() throws Exception {
    for (Latency latency : Latency.values()) {
      StagedBackend backend = new StagedBackend(SIZE, latency);
      FuseFile file = mounts.mount(backend, disk);
      var hold = backend.holdNext();
      try {
        var reader =
            children.start(
                "sh", "-c", "echo ready; exec dd if=disk of=/dev/null iflag=direct count=1");
        hold.awaitArrival();
        file.close(SHORT, Unmount.FORCED);
        assertEquals(1, reader.awaitEnd());
        assertNothingMounted();
      } finally {
        hold.release();
      }
      assertTrue(file.awaitEnd(LONG));
    }
  }

  /** Whoever makes a namespace gets copies of all mounts, and keeps them as long as it lasts. */
  @Test
  void aCopyInAnotherNamespaceKeepsNobody() throws Exception {
    FuseFile file = mounts.mount(new MemoryBackend(SIZE), disk);
    var holder = children.start("unshare", "--mount", "sh", "-c", "echo ready; read x; cat disk");
    file.close(LONG, Unmount.ORDERLY);
    assertTrue(file.awaitEnd(Duration.ZERO));
    assertNothingMounted();
    holder.letGo();
    assertEquals(1, holder.awaitEnd());
    assertTrue(holder.errors().contains("cat: "), holder::errors);
  }

  @Test
  void aFileThatIsOpenInAnotherNamespaceIsInUse() throws Exception {
    FuseFile file = mounts.mount(new MemoryBackend(SIZE), disk);
    var holder = children.start("unshare", "--mount", "sh", "-c", HOLD);
    assertThrows(MountInUseException.class, () -> file.close(SHORT, Unmount.ORDERLY));
    holder.letGo();
    file.close(LONG, Unmount.ORDERLY);
    assertEquals(0, holder.awaitEnd(), holder::errors);
  }

  @Test
  void whoUnmountsByHandIsNoticed() throws Exception {
    FuseFile file = mounts.mount(new MemoryBackend(SIZE), disk);
    children.run("umount", "disk").succeeded();
    assertTrue(file.awaitEnd(LONG));
    file.close();
    assertFalse(Files.exists(disk));
  }

  @Test
  void aMountThatIsOutOfSightButInUseIsEndedByForce() throws Exception {
    FuseFile file = mounts.mount(new MemoryBackend(SIZE), disk);
    var holder = children.start("sh", "-c", HOLD);
    children.run("umount", "--lazy", "disk").succeeded();
    assertThrows(MountInUseException.class, () -> file.close(SHORT, Unmount.ORDERLY));
    file.close(SHORT, Unmount.FORCED);
    assertTrue(file.awaitEnd(Duration.ZERO));
    holder.letGo();
    assertEquals(1, holder.awaitEnd());
  }

  @Test
  void aFileOfSomebodyElseAtTheSamePathIsNotRemoved() throws Exception {
    FuseFile file = mounts.mount(new MemoryBackend(SIZE), disk);
    children.run("umount", "disk").succeeded();
    var _ = Files.write(disk, new byte[3]);
    file.close();
    assertEquals(3, Files.size(disk));
  }

  @Test
  void aKilledServerLeavesNoProcessThatHangs() throws Exception {
    for (String option : new String[] {"plain", "self"}) {
      var server = children.java(ServeFile.class, disk.toString(), Integer.toString(SIZE), option);
      var holder = children.start("sh", "-c", HOLD);
      server.kill();
      assertEquals(128 + 9, server.awaitEnd());
      holder.letGo();
      assertEquals(1, holder.awaitEnd());
      children.run("head", "-c1", "disk").failed("not connected");
      children.run("umount", "disk").succeeded();
    }
  }

  @Test
  void theMountOfAKilledServerIsTakenAwayByTheNextOne() throws Exception {
    var server = children.java(ServeFile.class, disk.toString(), Integer.toString(SIZE));
    server.kill();
    assertEquals(128 + 9, server.awaitEnd());
    try (var _ = mounts.mount(new MemoryBackend(5), disk)) {
      assertEquals(5, Files.size(disk));
    }
    assertNothingMounted();
  }

  @Test
  void aMountThatIsAliveIsNotTakenAway() throws Exception {
    var server = children.java(ServeFile.class, disk.toString(), Integer.toString(SIZE));
    assertThrows(IOException.class, () -> mounts.mount(new MemoryBackend(5), disk));
    assertEquals(SIZE, Files.size(disk));
    server.letGo();
    assertEquals(0, server.awaitEnd(), server::errors);
    assertNothingMounted();
  }
}
