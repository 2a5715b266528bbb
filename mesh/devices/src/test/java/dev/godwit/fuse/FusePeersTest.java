package dev.godwit.fuse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.backend.Backend;
import dev.godwit.backend.Backend.Latency;
import dev.godwit.backend.Extent;
import dev.godwit.backend.MemoryBackend;
import dev.godwit.backend.StagedBackend;
import dev.godwit.libc.DeviceInUseException;
import dev.godwit.testing.Seeds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Disks, file systems and benchmarks of others on our file. Needs root, /dev/fuse and loop. */
@Timeout(180)
final class FusePeersTest {
  private static final int MIB = 1 << 20;
  private static final long SIZE = 64L * MIB;

  @TempDir Path directory;
  private Path disk;
  private Children children;
  private final Mounts mounts = new Mounts();

  @BeforeEach
  void prepare() throws IOException {
    disk = directory.resolve("disk");
    Files.createDirectory(directory.resolve("tree"));
    children = new Children(directory);
  }

  @AfterEach
  void endAll() throws IOException {
    try (mounts) {
      children.close();
      children.unmount("tree");
    } finally {
      children.unmount("disk");
    }
  }

  private static long dataOf(Backend backend) throws IOException {
    long[] data = {0};
    backend.extents(
        0, backend.size(), (_, length, kind) -> data[0] += kind == Extent.Kind.DATA ? length : 0);
    return data[0];
  }

  private void makeFiles(String device) throws IOException {
    children.run("mkfs.ext4", "-q", "-F", device).succeeded();
    children.run("mount", device, "tree").succeeded();
    try {
      var _ = Files.write(directory.resolve("source"), Seeds.bytes(new Random(1), 20 * MIB));
      children.run("cp", "source", "tree/copy").succeeded();
      children.run("sync", "tree/copy").succeeded();
      children.run("cmp", "source", "tree/copy").succeeded();
    } finally {
      children.run("umount", "tree").succeeded();
    }
  }

  @ParameterizedTest
  @EnumSource(Latency.class)
  void ext4LivesOnADisk(Latency latency) throws IOException {
    try (Backend backend = new StagedBackend(SIZE, latency)) {
      try (var file = mounts.mount(backend, disk);
          var loop = LoopDevice.attach(file.path(), FuseSettings.Access.READ_WRITE)) {
        makeFiles(loop.path().toString());
        children.run("e2fsck", "-fn", loop.path().toString()).succeeded();
        children.run("mount", loop.path().toString(), "tree").succeeded();
        children.run("cmp", "source", "tree/copy").succeeded();
        children.run("umount", "tree").succeeded();
      }
      try (var _ = mounts.mount(backend, disk)) {
        children.run("e2fsck", "-fn", "disk").succeeded();
      }
    }
  }

  @Test
  void ext4LivesOnTheDiskThatLosetupMakes() throws IOException {
    try (var _ = mounts.mount(new MemoryBackend(SIZE), disk)) {
      String loop =
          children.run("losetup", "--find", "--show", "--direct-io=on", "disk").succeeded().said();
      try {
        makeFiles(loop);
      } finally {
        children.run("losetup", "-d", loop).succeeded();
      }
      children.run("e2fsck", "-fn", "disk").succeeded();
    }
  }

  @Test
  void whatAFileSystemDiscardsTheBackendForgets() throws IOException {
    try (Backend backend = new MemoryBackend(SIZE);
        var file = mounts.mount(backend, disk);
        var loop = LoopDevice.attach(file.path(), FuseSettings.Access.READ_WRITE)) {
      makeFiles(loop.path().toString());
      long before = dataOf(backend);
      children.run("mount", loop.path().toString(), "tree").succeeded();
      children.run("rm", "tree/copy").succeeded();
      children.run("sync", "-f", "tree").succeeded();
      children.run("fstrim", "tree").succeeded();
      children.run("umount", "tree").succeeded();
      long after = dataOf(backend);
      assertTrue(before - after > 15 * MIB, () -> before + " bytes became " + after);
      children.run("blkdiscard", loop.path().toString()).succeeded();
      assertEquals(0, dataOf(backend));
    }
  }

  @ParameterizedTest
  @EnumSource(FuseSettings.Caching.class)
  void fioVerifiesWhatItWrote(FuseSettings.Caching caching) throws IOException {
    for (Latency latency : Latency.values()) {
      try (Backend backend = new StagedBackend(SIZE / 2, latency);
          var _ = mounts.mount(backend, disk, FuseSettings.DEFAULT.withCaching(caching))) {
        for (String engine : new String[] {"libaio", "psync"}) {
          children
              .run(
                  "fio",
                  "--name=verify",
                  "--filename=disk",
                  "--ioengine=" + engine,
                  "--direct=" + (engine.equals("libaio") ? 1 : 0),
                  "--size=32m",
                  "--rw=randwrite",
                  "--bsrange=512-1m",
                  "--blockalign=512",
                  "--iodepth=16",
                  "--fsync=32",
                  "--verify=crc32c",
                  "--verify_fatal=1",
                  "--do_verify=1")
              .succeeded();
        }
      }
    }
  }

  @Test
  void aDiskReadsAndWritesDirectly() throws IOException {
    try (var file = mounts.mount(new MemoryBackend(SIZE), disk);
        var loop = LoopDevice.attach(file.path(), FuseSettings.Access.READ_WRITE)) {
      Path name = loop.path().getFileName();
      assertEquals("1", Files.readString(Path.of("/sys/block/" + name + "/loop/dio")).strip());
      assertEquals(
          Long.toString(SIZE),
          children.run("blockdev", "--getsize64", loop.path().toString()).said());
    }
  }

  @Test
  void aReadOnlyDiskCannotBeWritten() throws IOException {
    try (var file = mounts.mount(new MemoryBackend(SIZE), disk, FuseSettings.DEFAULT.readOnly());
        var loop = LoopDevice.attach(file.path(), FuseSettings.Access.READ_ONLY)) {
      String device = loop.path().toString();
      assertEquals("1", children.run("blockdev", "--getro", device).said());
      children.run("head", "-c1", device).succeeded();
      children
          .run("dd", "if=/dev/zero", "of=" + device, "count=1", "oflag=direct")
          .failed("not permitted");
    }
  }

  @Test
  void aDiskThatIsDetachedIsGone() throws IOException {
    try (var file = mounts.mount(new MemoryBackend(SIZE), disk)) {
      LoopDevice loop = LoopDevice.attach(file.path(), FuseSettings.Access.READ_WRITE);
      Path backing = Path.of("/sys/block/" + loop.path().getFileName() + "/loop/backing_file");
      assertTrue(Files.exists(backing));
      loop.close();
      assertFalse(Files.exists(backing));
      loop.close();
    }
  }

  @Test
  void aDiskIsKnownWhenTheFileBelowItIsUnmounted() throws IOException {
    try (var _ = mounts.mount(new MemoryBackend(SIZE), disk);
        var loop = LoopDevice.attach(disk, FuseSettings.Access.READ_WRITE)) {
      children.run("umount", "--lazy", disk.toString()).succeeded();
      assertTrue(loop.isAttached());
      loop.close();
      assertFalse(loop.isAttached());
    }
  }

  @Test
  void aDiskThatSomebodyElseHasMadeMeanwhileIsNotOurs() throws IOException {
    Path file = Files.write(directory.resolve("plain"), new byte[4096]);
    try (var loop = LoopDevice.attach(file, FuseSettings.Access.READ_WRITE)) {
      String device = loop.path().toString();
      children.run("losetup", "--detach", device).succeeded();
      children.run("losetup", device, file.toString()).succeeded();
      try {
        assertFalse(loop.isAttached());
        loop.close();
        assertTrue(Files.exists(Path.of("/sys/block/" + loop.path().getFileName() + "/loop")));
      } finally {
        children.run("losetup", "--detach", device).succeeded();
      }
    }
  }

  @Test
  void detachingADiskInUseEnds() throws IOException {
    try (var file = mounts.mount(new MemoryBackend(SIZE), disk);
        var loop = LoopDevice.attach(file.path(), FuseSettings.Access.READ_WRITE)) {
      var holder =
          children.start("sh", "-c", "exec 3<" + loop.path() + "; echo ready; read x; true");
      assertThrows(DeviceInUseException.class, () -> loop.close(Duration.ofMillis(100)));
      var e =
          assertThrows(
              MountInUseException.class, () -> file.close(Duration.ofMillis(100), Unmount.ORDERLY));
      assertTrue(String.valueOf(e.getMessage()).contains(loop.path().toString()), e::getMessage);
      holder.letGo();
      assertEquals(0, holder.awaitEnd());
    }
  }

  @Test
  void aDiskWhoseServerIsKilledFailsAndCanBeDetached() throws IOException {
    var server = children.java(ServeFile.class, disk.toString(), Long.toString(SIZE));
    try (var loop = LoopDevice.attach(disk, FuseSettings.Access.READ_WRITE)) {
      children.run("mkfs.ext4", "-q", "-F", loop.path().toString()).succeeded();
      children.run("mount", loop.path().toString(), "tree").succeeded();
      server.kill();
      assertEquals(128 + 9, server.awaitEnd());
      children.run("umount", "tree").succeeded();
    }
    children.run("umount", "disk").succeeded();
  }

  @Test
  void aFileThatIsNotThereCannotBecomeADisk() {
    assertThrows(
        IOException.class,
        () -> LoopDevice.attach(directory.resolve("none"), FuseSettings.Access.READ_WRITE));
  }
}
