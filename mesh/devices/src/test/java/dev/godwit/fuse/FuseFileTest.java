package dev.godwit.fuse;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.backend.Backend;
import dev.godwit.backend.Backend.Holes;
import dev.godwit.backend.Backend.Latency;
import dev.godwit.backend.Contents;
import dev.godwit.backend.Extent;
import dev.godwit.backend.FileBackend;
import dev.godwit.backend.MemoryBackend;
import dev.godwit.backend.SparseFile;
import dev.godwit.backend.StagedBackend;
import dev.godwit.libc.NativeSparseFile;
import dev.godwit.testing.Seeds;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What programs see of a mounted file. Needs root and /dev/fuse. */
@Timeout(120)
final class FuseFileTest {
  private static final int MIB = 1 << 20;
  private static final int SIZE = 4 * MIB;

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

  private static byte[] fill(Backend backend) throws IOException {
    byte[] bytes = Seeds.bytes(new Random(backend.size()), (int) backend.size());
    backend.write(ByteBuffer.wrap(bytes), 0);
    return bytes;
  }

  private Backend backend(Latency latency, long size) throws IOException {
    return switch (latency) {
      case MEMORY -> new MemoryBackend(size);
      case LOCAL -> FileBackend.create(directory.resolve("raw"), size, NativeSparseFile.opener());
      case REMOTE -> new StagedBackend(size, Latency.REMOTE);
    };
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 511, 4097, SIZE, 1L << 42})
  void theFileHasTheBackendsSize(long size) throws IOException {
    var _ = mounts.mount(new MemoryBackend(size), disk);
    assertEquals(size, Files.size(disk));
    assertEquals(Long.toString(size), children.run("stat", "-c", "%s", "disk").said());
    assertEquals("regular", children.run("stat", "-c", "%F", "disk").said().split(" ", -1)[0]);
  }

  @Test
  void aFileOverAnExecutableOneIsExecutableForItsOwnerOnly() throws IOException {
    Path tool = Files.createFile(disk);
    Files.setPosixFilePermissions(tool, PosixFilePermissions.fromString("rwxrwxrwx"));
    byte[] script = "#!/bin/sh\necho it runs\n".getBytes(StandardCharsets.UTF_8);
    Backend backend = new MemoryBackend(script.length);
    backend.write(ByteBuffer.wrap(script), 0);
    try (var _ = mounts.mount(backend, disk, FuseSettings.DEFAULT.readOnly())) {
      assertEquals("700", children.run("stat", "-c", "%a", "disk").said());
      assertEquals("it runs", children.run(disk.toString()).succeeded().said());
    }
    assertEquals("777", children.run("stat", "-c", "%a", "disk").said());
  }

  @Test
  void aFileThatWasNotThereIsNotExecutableUntilItsOwnerSaysSo() throws IOException {
    var _ = mounts.mount(new MemoryBackend(SIZE), disk);
    assertEquals("600", children.run("stat", "-c", "%a", "disk").said());
    children.run("chmod", "u+x", "disk").succeeded();
    assertEquals("700", children.run("stat", "-c", "%a", "disk").said());
  }

  @ParameterizedTest
  @EnumSource(Latency.class)
  void whatTheBackendHoldsAProgramReads(Latency latency) throws IOException {
    try (Backend backend = backend(latency, SIZE + 77)) {
      Path copy = Files.write(directory.resolve("copy"), fill(backend));
      try (var _ = mounts.mount(backend, disk)) {
        children.run("cmp", "disk", copy.toString()).succeeded();
        children.run("dd", "if=disk", "of=direct", "iflag=direct", "bs=1M").succeeded();
        children.run("cmp", "direct", copy.toString()).succeeded();
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Latency.class)
  void whatAProgramWritesTheBackendHolds(Latency latency) throws IOException {
    byte[] bytes = Seeds.bytes(new Random(1), SIZE);
    var _ = Files.write(directory.resolve("source"), bytes);
    for (String flags : new String[] {"oflag=sync", "oflag=direct", "conv=notrunc,fsync"}) {
      try (Backend backend = backend(latency, SIZE)) {
        try (var _ = mounts.mount(backend, disk)) {
          children.run("dd", "if=source", "of=disk", "bs=1M", "conv=notrunc", flags).succeeded();
        }
        assertArrayEquals(bytes, Contents.of(backend), flags);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(FuseSettings.Caching.class)
  void aProgramMayMapTheFile(FuseSettings.Caching caching) throws IOException {
    Backend backend = new MemoryBackend(SIZE + 5);
    byte[] expected = fill(backend);
    try (var _ = mounts.mount(backend, disk, FuseSettings.DEFAULT.withCaching(caching))) {
      children.runJava(MapFile.class, disk.toString()).succeeded();
    }
    for (int i = 0; i < expected.length; i++) {
      expected[i]++;
    }
    assertArrayEquals(expected, Contents.of(backend));
  }

  @Test
  void whatWasReadOnceTheKernelKeeps() throws IOException {
    StagedBackend backend = new StagedBackend(SIZE, Latency.MEMORY);
    var _ = mounts.mount(backend, disk);
    children.run("cat", "disk").succeeded();
    int once = backend.reads();
    children.run("cat", "disk").succeeded();
    assertEquals(once, backend.reads());
  }

  @Test
  void whatHasChangedTheKernelReadsAgain() throws IOException {
    StagedBackend backend = new StagedBackend(SIZE, Latency.MEMORY);
    FuseFile file = mounts.mount(backend, disk);
    children.run("cat", "disk").succeeded();
    int once = backend.reads();
    byte[] contents = fill(backend);
    Files.write(directory.resolve("expected"), contents);
    file.changed(0, SIZE);
    children.run("cmp", "disk", "expected").succeeded();
    int twice = backend.reads();
    assertTrue(twice > once);
    file.changed(8192, 4096);
    children.run("cmp", "disk", "expected").succeeded();
    assertEquals(twice + 1, backend.reads());
  }

  @Test
  void withoutCachingEveryReadReachesTheBackend() throws IOException {
    StagedBackend backend = new StagedBackend(SIZE, Latency.MEMORY);
    var settings = FuseSettings.DEFAULT.withCaching(FuseSettings.Caching.NONE);
    var _ = mounts.mount(backend, disk, settings);
    children.run("cat", "disk").succeeded();
    int once = backend.reads();
    children.run("cat", "disk").succeeded();
    assertEquals(2 * once, backend.reads());
  }

  @Test
  void fsyncFlushesTheBackend() throws IOException {
    StagedBackend backend = new StagedBackend(SIZE, Latency.MEMORY);
    var _ = mounts.mount(backend, disk);
    children.run("sync", "disk").succeeded();
    assertEquals(1, backend.flushes());
  }

  @Test
  void aPunchedRangeIsAHoleOfTheBackend() throws IOException {
    Backend backend = new MemoryBackend(SIZE);
    byte[] expected = fill(backend);
    var _ = mounts.mount(backend, disk);
    children.run("fallocate", "-p", "-o", "1MiB", "-l", "2MiB", "disk").succeeded();
    Arrays.fill(expected, MIB, 3 * MIB, (byte) 0);
    assertArrayEquals(expected, Files.readAllBytes(disk));
    assertArrayEquals(expected, Contents.of(backend));
    long[] holes = {0};
    backend.extents(
        0, SIZE, (_, length, kind) -> holes[0] += kind == Extent.Kind.HOLE ? length : 0);
    assertEquals(2 * MIB, holes[0]);
  }

  @Test
  void aZeroedRangeStaysAllocated() throws IOException {
    StagedBackend backend = new StagedBackend(SIZE, Latency.MEMORY);
    byte[] expected = fill(backend);
    var _ = mounts.mount(backend, disk);
    children.run("fallocate", "-z", "-o", "4096", "-l", "8192", "disk").succeeded();
    Arrays.fill(expected, 4096, 12288, (byte) 0);
    assertArrayEquals(expected, Files.readAllBytes(disk));
    assertEquals(Holes.FORBIDDEN, backend.lastHoles());
  }

  @Test
  void programsSeeHolesAndData() throws IOException {
    Backend backend = new MemoryBackend(SIZE);
    backend.write(ByteBuffer.wrap(new byte[] {1}), MIB);
    var _ = mounts.mount(backend, disk);
    try (SparseFile sparse = NativeSparseFile.opener().open(disk)) {
      assertEquals(MIB, sparse.nextData(0));
      assertEquals(2 * MIB, sparse.nextHole(MIB));
      assertEquals(-1, sparse.nextData(2 * MIB));
    }
  }

  @Test
  void theSizeCannotBeChanged() throws IOException {
    var _ = mounts.mount(new MemoryBackend(SIZE), disk);
    children.run("truncate", "-s", Integer.toString(SIZE), "disk").succeeded();
    children.run("truncate", "-s", "0", "disk").failed("Operation not permitted");
    children.run("truncate", "-s", "+1", "disk").failed("File too large");
    assertEquals(Integer.toString(SIZE), children.run("stat", "-c", "%s", "disk").said());
  }

  @Test
  void writingBehindTheEndFailsAsOnADisk() throws IOException {
    byte[] bytes = Seeds.bytes(new Random(1), SIZE + MIB);
    var _ = Files.write(directory.resolve("source"), bytes);
    Backend backend = new MemoryBackend(SIZE);
    var _ = mounts.mount(backend, disk);
    children
        .run("dd", "if=source", "of=disk", "bs=700k", "conv=notrunc")
        .failed("No space left on device");
    assertArrayEquals(Arrays.copyOf(bytes, SIZE), Contents.of(backend));
    assertEquals(Integer.toString(SIZE), children.run("stat", "-c", "%s", "disk").said());
  }

  @Test
  void timesAndPermissionsCanBeSet() throws IOException {
    var _ = mounts.mount(new MemoryBackend(SIZE), disk);
    children.run("touch", "-d", "@1000000000", "disk").succeeded();
    children.run("chmod", "640", "disk").succeeded();
    children.run("chown", "12:34", "disk").succeeded();
    assertEquals("1000000000 640 12 34", children.run("stat", "-c", "%Y %a %u %g", "disk").said());
  }

  @Test
  void aWriteIsSeenInTheTimeOfTheLastChange() throws IOException {
    var _ = mounts.mount(new MemoryBackend(SIZE), disk);
    children.run("touch", "-d", "@1000000000", "disk").succeeded();
    children.run("dd", "if=/dev/zero", "of=disk", "count=1", "conv=notrunc").succeeded();
    long time = Long.parseLong(children.run("stat", "-c", "%Y", "disk").said());
    assertTrue(time > 1_000_000_000, "time " + time);
  }

  @Test
  void theFileSystemIsFull() throws IOException {
    var _ = mounts.mount(new MemoryBackend(SIZE), disk);
    assertEquals(
        "1024 0 4096 fuse",
        children.run("stat", "-f", "-c", "%b %f %S %T", "disk").said().replace("fuseblk", "fuse"));
  }

  @Test
  void aReadOnlyMountCannotBeWritten() throws IOException {
    Backend backend = new MemoryBackend(SIZE);
    byte[] expected = fill(backend);
    var _ = mounts.mount(backend, disk, FuseSettings.DEFAULT.readOnly());
    children
        .run("dd", "if=/dev/zero", "of=disk", "count=1", "conv=notrunc")
        .failed("Read-only file system");
    children.run("touch", "disk").failed("Read-only file system");
    assertArrayEquals(expected, Files.readAllBytes(disk));
    assertArrayEquals(expected, Contents.of(backend));
  }

  @Test
  void aFailingBackendIsAnInputOutputErrorAndTheMountLivesOn() throws IOException {
    StagedBackend backend = new StagedBackend(SIZE, Latency.LOCAL);
    var _ = mounts.mount(backend, disk);
    backend.failNext(new IOException("broken"));
    children
        .run("dd", "if=disk", "of=/dev/null", "iflag=direct", "count=1")
        .failed("Input/output error");
    children.run("dd", "if=disk", "of=/dev/null", "iflag=direct", "count=1").succeeded();
    backend.failNext(new IOException("No space left on device"));
    children
        .run("dd", "if=/dev/zero", "of=disk", "oflag=direct", "count=1", "conv=notrunc")
        .failed("No space left on device");
    backend.failNext(new IOException("not reached"));
    children.run("sync", "disk").failed("Input/output error");
  }

  @Test
  void otherUsersGetThroughOnlyWhenTheyMay() throws IOException {
    var _ = Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    try (var _ = mounts.mount(new MemoryBackend(SIZE), disk)) {
      children.runAsNobody("head", "-c1", "disk").failed("Permission denied");
    }
    var shared = FuseSettings.DEFAULT.withPermissions(PosixFilePermissions.fromString("rw-r--r--"));
    try (var _ = mounts.mount(new MemoryBackend(SIZE), disk, shared)) {
      children.runAsNobody("head", "-c1", "disk").succeeded();
      children.runAsNobody("truncate", "-s1", "disk").failed("Permission denied");
    }
  }

  @Test
  void aSlowReadKeepsOtherProgramsGoing() throws Exception {
    StagedBackend backend = new StagedBackend(SIZE, Latency.REMOTE);
    var _ = mounts.mount(backend, disk, FuseSettings.DEFAULT.withThreads(1));
    var hold = backend.holdNext();
    var slow =
        children.start("sh", "-c", "echo ready; exec dd if=disk of=/dev/null iflag=direct count=1");
    hold.awaitArrival();
    children.run("dd", "if=disk", "of=/dev/null", "iflag=direct", "count=1").succeeded();
    hold.release();
    assertEquals(0, slow.awaitEnd());
  }

  @ParameterizedTest
  @ValueSource(strings = {"iflag=direct", "iflag=fullblock"})
  void aProgramThatWaitsForASlowReadCanBeKilled(String flag) throws Exception {
    StagedBackend backend = new StagedBackend(SIZE, Latency.REMOTE);
    var _ = mounts.mount(backend, disk);
    var hold = backend.holdNext();
    try {
      var slow =
          children.start("sh", "-c", "echo ready; exec dd if=disk of=/dev/null count=1 " + flag);
      hold.awaitArrival();
      slow.kill();
      assertEquals(128 + 9, slow.awaitEnd());
    } finally {
      hold.release();
    }
  }

  @Test
  void theReadAheadIsTheOneThatWasAskedFor() throws IOException {
    var _ =
        mounts.mount(new MemoryBackend(SIZE), disk, FuseSettings.DEFAULT.withReadAhead(3 * MIB));
    String device = MountTable.now().at(disk.toRealPath()).orElseThrow().device();
    Path limit = Path.of("/sys/class/bdi", device, "read_ahead_kb");
    assertEquals("3072", Files.readString(limit).strip());
  }

  @Test
  void manyFilesCanBeMounted() throws IOException {
    for (int i = 1; i <= 5; i++) {
      var _ = mounts.mount(new MemoryBackend(i), directory.resolve("disk" + i));
    }
    for (int i = 1; i <= 5; i++) {
      assertEquals(i, Files.size(directory.resolve("disk" + i)));
    }
  }

  @Test
  void aPathWithBlanksAndAccentsIsMounted() throws IOException {
    Path odd = directory.resolve("a b\\c,ä");
    try (var file = mounts.mount(new MemoryBackend(5), odd)) {
      assertEquals(5, Files.size(odd));
      assertEquals(odd.toRealPath(), file.path());
    }
    assertFalse(Files.exists(odd));
  }

  @Test
  void whenNothingWasThereNothingIsLeft() throws IOException {
    try (var _ = mounts.mount(new MemoryBackend(5), disk)) {
      assertTrue(Files.exists(disk));
    }
    assertFalse(Files.exists(disk));
  }

  @Test
  void anEmptyFileThatWasThereStays() throws IOException {
    var _ = Files.createFile(disk);
    try (var _ = mounts.mount(new MemoryBackend(5), disk)) {
      assertEquals(5, Files.size(disk));
    }
    assertEquals(0, Files.size(disk));
  }

  @Test
  void aSymbolicLinkIsFollowed() throws IOException {
    var _ = Files.createFile(disk);
    Path link = Files.createSymbolicLink(directory.resolve("link"), disk);
    try (var file = mounts.mount(new MemoryBackend(5), link)) {
      assertEquals(5, Files.size(disk));
      assertEquals(disk.toRealPath(), file.path());
    }
  }

  private void assertRefused(Path path, String reason) {
    var e = assertThrows(IOException.class, () -> mounts.mount(new MemoryBackend(5), path));
    String message = e.getMessage();
    assertNotNull(message);
    assertTrue(message.contains(reason) && message.contains(path.toString()), message);
  }

  @Test
  void whereNothingCanBeMountedTheMessageSaysWhatToDo() throws IOException {
    assertRefused(directory, "name a file in it instead");
    Path full = Files.write(directory.resolve("full"), new byte[7]);
    assertRefused(full, "holds 7 bytes");
    assertEquals(7, Files.size(full));
    assertRefused(directory.resolve("none/disk"), "directory does not exist");
    Path pipe = directory.resolve("pipe");
    children.run("mkfifo", pipe.toString()).succeeded();
    assertRefused(pipe, "no regular file");
    var _ = mounts.mount(new MemoryBackend(0), disk);
    assertRefused(disk.toRealPath(), "umount " + disk.toRealPath());
  }
}
