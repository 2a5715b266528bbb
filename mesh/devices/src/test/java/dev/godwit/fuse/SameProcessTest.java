package dev.godwit.fuse;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.backend.Backend;
import dev.godwit.backend.Backend.Latency;
import dev.godwit.backend.BackendChannel;
import dev.godwit.backend.BackendWindow;
import dev.godwit.backend.StagedBackend;
import dev.godwit.libc.Deadline;
import dev.godwit.testing.Patience;
import dev.godwit.testing.Seeds;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The ways in which the virtual machine that serves a file may use it itself, while its garbage
 * collector is at work all the time: none of them lets a thread wait where the collector cannot
 * stop it. Needs root and /dev/fuse.
 */
@Timeout(120)
final class SameProcessTest {
  private static final int SIZE = 2 << 20;
  private static final int PIECE = 64 << 10;
  private static final Duration PATIENCE = Patience.seconds(60);

  @TempDir Path directory;
  private Path disk;
  private Children children;
  private final Mounts mounts = new Mounts();

  /** Claims to be slow, so that requests are served by other threads than those that take them. */
  private final Backend backend = new StagedBackend(SIZE, Latency.REMOTE);

  private byte[] contents;

  @BeforeEach
  void prepare() throws IOException {
    disk = directory.resolve("disk");
    children = new Children(directory);
    contents = Seeds.bytes(new Random(1), SIZE);
    backend.write(ByteBuffer.wrap(contents), 0);
  }

  @AfterEach
  void endAll() throws IOException {
    try (mounts) {
      children.close();
    } finally {
      children.unmount("disk");
    }
  }

  /** An access that takes its time. */
  @FunctionalInterface
  private interface Use {
    byte[] contents() throws IOException;
  }

  /** Collects garbage until the use has ended. */
  private void whileCollecting(Use use) throws Exception {
    FutureTask<byte[]> using = new FutureTask<>(use::contents);
    Thread thread = Thread.ofPlatform().daemon().start(using);
    Deadline deadline = Deadline.in(PATIENCE);
    long collections = 0;
    while (thread.isAlive() && !deadline.isOver()) {
      System.gc();
      collections++;
    }
    assertArrayEquals(contents, using.get(deadline.left().toNanos(), TimeUnit.NANOSECONDS));
    assertTrue(collections > 0);
  }

  private byte[] through(FileChannel channel) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocateDirect(SIZE);
    while (bytes.hasRemaining()) {
      int from = bytes.position();
      bytes.limit(Math.min(SIZE, from + PIECE));
      assertTrue(channel.read(bytes, from) > 0);
      // What was read is written back.
      ByteBuffer piece = bytes.duplicate().position(from).limit(bytes.position());
      assertEquals(piece.remaining(), channel.write(piece, from));
      bytes.limit(SIZE);
    }
    channel.force(false);
    byte[] read = new byte[SIZE];
    bytes.flip().get(read);
    return read;
  }

  @Test
  void theMountedFileIsReadAndWrittenThroughAFileChannel() throws Exception {
    var _ = mounts.mount(backend, disk, uncached());
    whileCollecting(
        () -> {
          try (FileChannel channel =
              FileChannel.open(disk, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return through(channel);
          }
        });
  }

  private static FuseSettings uncached() {
    return FuseSettings.DEFAULT.withCaching(FuseSettings.Caching.NONE);
  }

  @Test
  void theBackendIsReadAndWrittenThroughAChannel() throws Exception {
    var _ = mounts.mount(backend, disk, uncached());
    whileCollecting(
        () -> {
          try (FileChannel channel = new BackendChannel(backend, BackendChannel.Access.WRITE)) {
            return through(channel);
          }
        });
  }

  @Test
  void theBackendIsAWindow() throws Exception {
    var _ = mounts.mount(backend, disk, uncached());
    whileCollecting(
        () -> {
          byte[] read = new byte[SIZE];
          for (int from = 0; from < SIZE; from += PIECE) {
            BackendWindow window = BackendWindow.open(backend, from, PIECE);
            window.bytes().get(read, from, PIECE);
            window.bytes().put(0, (byte) (read[from] + 1));
            window.force();
            window.bytes().put(0, read[from]);
            window.force();
          }
          return read;
        });
  }

  @Test
  void anotherProcessMapsTheFile() throws Exception {
    var _ = mounts.mount(backend, disk, uncached());
    for (int i = 0; i < SIZE; i++) {
      contents[i]++;
    }
    whileCollecting(
        () -> {
          children.runJava(MapFile.class, disk.toString()).succeeded();
          byte[] now = new byte[SIZE];
          backend.read(ByteBuffer.wrap(now), 0);
          return now;
        });
  }
}
