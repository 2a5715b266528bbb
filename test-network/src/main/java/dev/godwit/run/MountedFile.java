package dev.godwit.run;

import dev.godwit.testnetwork.Programs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** A mount as a file, and the program, if any, that makes a file of it. */
final class MountedFile implements AutoCloseable {
  private static final long READY_SECONDS = 30;
  private static final long STEP_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  private final Path path;
  private final @Nullable Process process;
  private final @Nullable Programs programs;

  private MountedFile(Path path, @Nullable Process process, @Nullable Programs programs) {
    this.path = path;
    this.process = process;
    this.programs = programs;
  }

  static MountedFile of(Path path) {
    return new MountedFile(path, null, null);
  }

  /** Waits until {@code nbdfuse} has mounted its file. */
  static MountedFile nbdfuse(Process process, Path path, Programs programs) throws IOException {
    MountedFile file = new MountedFile(path, process, programs);
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(READY_SECONDS);
    while (Files.size(path) == 0) {
      if (!process.isAlive() || System.nanoTime() > deadline) {
        file.close();
        throw new IOException("nbdfuse does not mount " + path);
      }
      LockSupport.parkNanos(STEP_NANOS);
    }
    return file;
  }

  Path path() {
    return path;
  }

  @Override
  public void close() throws IOException {
    if (process == null || programs == null) {
      return;
    }
    try {
      var _ = programs.run("umount", "--lazy", "--quiet", path.toString());
      if (!process.waitFor(READY_SECONDS, TimeUnit.SECONDS)) {
        throw new IOException("nbdfuse does not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while nbdfuse ended", e);
    } finally {
      process.destroyForcibly();
    }
  }
}
