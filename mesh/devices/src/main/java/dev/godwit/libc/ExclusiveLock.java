package dev.godwit.libc;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * A file that only one at a time has locked, by {@code flock(2)}. Other than with Java's file
 * locks, another part of the same process is kept out too, and who opens and closes the file
 * elsewhere in the process does not end the lock. It ends with the process. Thread-safe.
 */
public final class ExclusiveLock implements Closeable {
  /** Each is lost only to somebody who has just removed the file. */
  private static final int ATTEMPTS = 10_000;

  private static final Duration MOMENT = Duration.ofSeconds(1);
  private static final Duration POLL = Duration.ofMillis(20);

  private final Descriptor descriptor;

  private ExclusiveLock(Descriptor descriptor) {
    this.descriptor = descriptor;
  }

  /**
   * Locks a file, which is made when it is not there. Whoever removes a file while it is locked
   * does not confuse those who come next: a lock is had of the file that has the name.
   *
   * @return empty when somebody else has it
   * @throws NoSuchFileException when the file's folder is not there
   * @throws IOException when the file cannot be made or opened
   */
  public static Optional<ExclusiveLock> take(Path file) throws IOException {
    var calls = new SystemCalls(LibC.load());
    for (int i = 0; i < ATTEMPTS; i++) {
      make(file);
      Optional<Descriptor> opened = open(calls, file);
      if (opened.isEmpty()) {
        continue;
      }
      Descriptor descriptor = opened.get();
      try {
        if (!lock(calls, descriptor, file)) {
          descriptor.close();
          return Optional.empty();
        }
        if (isStill(descriptor, file)) {
          return Optional.of(new ExclusiveLock(descriptor));
        }
        descriptor.close();
      } catch (IOException e) {
        descriptor.close();
        throw e;
      }
    }
    throw new IOException(file + " cannot be locked: it is replaced again and again");
  }

  /**
   * Locks a file or a block device that is there, whatever it is called: a lock of the same file by
   * another name keeps this one out. What has this lock may be renamed or removed meanwhile. For
   * {@code udev} a locked disk is one to leave alone, too.
   *
   * @return empty when somebody else has it, for a second at least
   * @throws NoSuchFileException when it is not there
   * @throws IOException when it cannot be opened, or its file system knows no locks
   */
  public static Optional<ExclusiveLock> hold(Path file) throws IOException {
    var calls = new SystemCalls(LibC.load());
    Descriptor descriptor =
        open(calls, file).orElseThrow(() -> new NoSuchFileException(file.toString()));
    try {
      // Who looks at a new disk has it locked for a moment.
      if (Deadline.in(MOMENT).await(POLL, () -> lock(calls, descriptor, file))) {
        return Optional.of(new ExclusiveLock(descriptor));
      }
    } catch (IOException e) {
      descriptor.close();
      throw e;
    }
    descriptor.close();
    return Optional.empty();
  }

  private static void make(Path file) throws IOException {
    if (!Files.exists(file)) {
      try {
        Files.createFile(file);
      } catch (FileAlreadyExistsException e) {
        // Somebody else was faster; both want to lock it now.
        return;
      }
    }
  }

  /** Empty when the file was removed meanwhile. */
  private static Optional<Descriptor> open(SystemCalls calls, Path file) throws IOException {
    int number = calls.libc().open(file.toAbsolutePath().toString(), LibC.O_RDWR | LibC.O_CLOEXEC);
    if (number >= 0) {
      return Optional.of(new Descriptor(calls.libc(), number));
    }
    int error = calls.lastError();
    if (error == LibC.ENOENT) {
      return Optional.empty();
    }
    throw calls.failure(file + ": open", error);
  }

  private static boolean lock(SystemCalls calls, Descriptor descriptor, Path file)
      throws IOException {
    while (calls.libc().flock(descriptor.number(), LibC.LOCK_EX | LibC.LOCK_NB) != 0) {
      int error = calls.lastError();
      if (error == LibC.EAGAIN) {
        return false;
      }
      if (error != LibC.EINTR) {
        throw calls.failure(file + ": flock", error);
      }
    }
    return true;
  }

  /** Whether the open file is the one that has the name now. */
  private static boolean isStill(Descriptor descriptor, Path file) throws IOException {
    try {
      return Files.isSameFile(
          Path.of("/proc/self/fd", Integer.toString(descriptor.number())), file);
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  /** Gives the lock back; may be called twice. */
  @Override
  public void close() {
    descriptor.close();
  }
}
