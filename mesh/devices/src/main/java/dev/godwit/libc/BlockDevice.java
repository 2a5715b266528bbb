package dev.godwit.libc;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * A disk of the kernel, whoever serves it. Its server may be dead: every call ends by a limit, with
 * an {@link IOException}, and leaves a thread behind then.
 *
 * @param path for example {@code /dev/loop0}
 */
public record BlockDevice(Path path) {
  private static final Duration POLL = Duration.ofMillis(20);

  /** {@code BLKFLSBUF} of {@code <linux/fs.h>}. */
  private static final long FORGET = 0x1261;

  /** For a look at the end of a limit. */
  private static final Duration LOOK = Duration.ofSeconds(1);

  /** The part of a mode that says what a file is, and its value for a disk, in inode(7). */
  private static final int FILE_TYPE = 0170000;

  private static final int DISK = 0060000;

  /**
   * Whether a path leads to a disk.
   *
   * @throws IOException when nothing is there, or it cannot be looked at
   */
  public static boolean isAt(Path file) throws IOException {
    return ((int) Files.getAttribute(file, "unix:mode") & FILE_TYPE) == DISK;
  }

  /**
   * Whether somebody has claimed it for himself: it is mounted, swap space, or part of another
   * device. A program that has just opened it claims nothing.
   *
   * @throws IOException when it cannot be opened for another reason
   */
  public boolean isClaimed(Duration limit) throws IOException {
    var calls = new SystemCalls(LibC.load());
    return BoundedCall.run(
        "looking at " + path,
        limit,
        () -> {
          int flags = LibC.O_RDONLY | LibC.O_EXCL | LibC.O_CLOEXEC;
          int fd = calls.libc().open(path.toString(), flags);
          if (fd >= 0) {
            var _ = calls.libc().close(fd);
            return false;
          }
          int error = calls.lastError();
          if (error != LibC.EBUSY) {
            throw calls.failure(path.toString(), error);
          }
          return true;
        });
  }

  /**
   * Waits until nobody claims it.
   *
   * @return whether that is so within the limit
   * @throws IOException as {@link #isClaimed}
   */
  public boolean awaitUnclaimed(Duration limit) throws IOException {
    Deadline deadline = Deadline.in(limit);
    return deadline.await(POLL, () -> !isClaimed(deadline.left().plus(LOOK)));
  }

  /**
   * Writes out what the kernel holds back of it, and makes it durable.
   *
   * @throws IOException when that fails
   */
  public void writeOut(Duration limit) throws IOException {
    opened("writing out what was written to " + path, limit, (calls, fd) -> calls.libc().fsync(fd));
  }

  /**
   * Makes the kernel forget what it keeps of it, so that reads ask its server again. A file system
   * that is mounted on it keeps more.
   *
   * @throws IOException when that fails, as for users other than root
   */
  public void forget(Duration limit) throws IOException {
    opened(
        "making the kernel forget what it keeps of " + path,
        limit,
        (calls, fd) -> calls.libc().ioctl(fd, FORGET, 0));
  }

  @FunctionalInterface
  private interface Use {
    /** Negative when it failed. */
    int of(SystemCalls calls, int fd);
  }

  private void opened(String what, Duration limit, Use use) throws IOException {
    var calls = new SystemCalls(LibC.load());
    var _ =
        BoundedCall.run(
            what,
            limit,
            () -> {
              int fd = calls.libc().open(path.toString(), LibC.O_RDONLY | LibC.O_CLOEXEC);
              if (fd < 0) {
                throw calls.failure(path.toString());
              }
              try {
                if (use.of(calls, fd) < 0) {
                  throw calls.failure(what);
                }
                return true;
              } finally {
                var _ = calls.libc().close(fd);
              }
            });
  }
}
