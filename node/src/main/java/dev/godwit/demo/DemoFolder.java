package dev.godwit.demo;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The folder with everything that a demo makes: keys, states, logs, sockets. Thread-safe. */
final class DemoFolder {
  private static final Logger LOG = LoggerFactory.getLogger(DemoFolder.class);

  /** Keys, tickets and certificates are smaller by far. */
  private static final long SMALL = 64 << 10;

  private static final Duration PAUSE = Duration.ofMillis(20);

  private final Path path;

  DemoFolder() throws IOException {
    this.path = Files.createTempDirectory("godwit-demo");
  }

  /** Where it is. */
  Path path() {
    return path;
  }

  /** Removes what is secret, which takes no time; the states may take a while. */
  void removeKeys() throws IOException {
    delete(SMALL);
  }

  /**
   * Removes all of it, also what a process that was killed makes with its last breath.
   *
   * @param limit how long that may take
   * @throws IOException when something is left
   */
  void remove(Duration limit) throws IOException {
    long deadline = System.nanoTime() + limit.toNanos();
    while (true) {
      delete(Long.MAX_VALUE);
      if (Files.notExists(path)) {
        return;
      }
      if (System.nanoTime() > deadline || Thread.currentThread().isInterrupted()) {
        throw new IOException("The files of the demo could not all be deleted.");
      }
      LockSupport.parkNanos(PAUSE.toNanos());
    }
  }

  /** Removes all files up to that size, and with all files their folders. */
  private void delete(long size) throws IOException {
    Path _ = Files.walkFileTree(path, new Deletion(size));
  }

  /** Goes on whatever cannot be deleted. */
  private static final class Deletion extends SimpleFileVisitor<Path> {
    private final long size;

    Deletion(long size) {
      this.size = size;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
      if (attributes.size() <= size) {
        delete(file);
      }
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException failure) {
      LOG.debug("{} cannot be looked at", file, failure);
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException failure) {
      if (size == Long.MAX_VALUE) {
        delete(folder);
      }
      return FileVisitResult.CONTINUE;
    }

    private static void delete(Path file) {
      try {
        boolean _ = Files.deleteIfExists(file);
      } catch (IOException e) {
        LOG.debug("{} cannot be deleted yet", file, e);
      }
    }
  }
}
