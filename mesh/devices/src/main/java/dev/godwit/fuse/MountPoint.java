package dev.godwit.fuse;

import dev.godwit.libc.BoundedCall;
import dev.godwit.libc.Deadline;
import dev.godwit.libc.LibC;
import dev.godwit.libc.ShellWord;
import dev.godwit.libc.SystemCalls;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The empty file that a mount lies over. Thread-safe. */
final class MountPoint {
  private static final Logger LOG = LoggerFactory.getLogger(MountPoint.class);

  /** Larger than a {@code struct statfs} is anywhere. */
  private static final int STATFS_BYTES = 256;

  private static final Duration LOOK = Duration.ofSeconds(2);

  private final Path path;

  /** The file's identity if we made it, so that we remove no other. */
  private final @Nullable Object made;

  private final Set<PosixFilePermission> permissions;

  private MountPoint(Path path, @Nullable Object made, Set<PosixFilePermission> permissions) {
    this.path = path;
    this.made = made;
    this.permissions = permissions;
  }

  /**
   * Finds or makes the file. A mount whose server died and left it there is taken away.
   *
   * @throws IOException when nothing can be mounted there; the message says what to do
   */
  static MountPoint prepare(Path given, Mounter mounter, Deadline deadline) throws IOException {
    Path path = resolve(given);
    Optional<MountTable.Entry> old = MountTable.now().at(path);
    if (old.isPresent()) {
      clear(path, old.get(), mounter, deadline);
    }
    try {
      Files.createFile(path);
      return new MountPoint(path, attributes(path).fileKey(), Set.of());
    } catch (FileAlreadyExistsException _) {
      PosixFileAttributes found = attributes(path);
      check(path, found);
      return new MountPoint(path, null, found.permissions());
    } catch (NoSuchFileException e) {
      throw refusal(path, "its directory does not exist; make it first", e);
    }
  }

  /** The path without symbolic links. The file itself is not looked at unless it is one. */
  static Path resolve(Path given) throws IOException {
    Path path = given.toAbsolutePath().normalize();
    try {
      if (isLink(path)) {
        return path.toRealPath();
      }
      Path parent = path.getParent();
      // The file itself is not looked at: behind a mount that has died that would fail.
      return parent == null ? path : parent.toRealPath().resolve(path.getFileName());
    } catch (NoSuchFileException e) {
      throw refusal(path, "its directory does not exist; make it first", e);
    }
  }

  /** What does not answer is no link, but a mount whose process stands still. */
  private static boolean isLink(Path path) throws IOException {
    try {
      return BoundedCall.run("looking at " + path, LOOK, () -> Files.isSymbolicLink(path));
    } catch (BoundedCall.TooLongException e) {
      LOG.debug("{} does not answer", path, e);
      return false;
    }
  }

  private static void clear(Path path, MountTable.Entry old, Mounter mounter, Deadline deadline)
      throws IOException {
    if (!old.type().equals(Mounter.TYPE) || !isDead(path, deadline)) {
      throw refusal(
          path,
          "something of type "
              + old.type()
              + " is mounted there; first run: umount "
              + ShellWord.of(path),
          null);
    }
    LOG.info("{}: taking away a mount whose server is gone", path);
    mounter.detach(path, deadline.left());
    if (MountTable.now().at(path).isPresent()) {
      throw refusal(
          path,
          "a mount whose server is gone lies there; run: umount -l " + ShellWord.of(path),
          null);
    }
  }

  /**
   * Whether what is mounted there has lost the process that served it.
   *
   * @throws IOException when that does not turn out in time, as when that process stands still
   */
  static boolean isDead(Path path, Deadline deadline) throws IOException {
    var calls = new SystemCalls(LibC.load());
    // Not stat(2): the kernel answers that from memory, for a mount that was looked at before.
    return BoundedCall.run(
        "looking at what is mounted at " + path,
        deadline.left(),
        () ->
            calls.libc().statfs(path.toString(), new byte[STATFS_BYTES]) != 0
                && calls.lastError() == LibC.ENOTCONN);
  }

  private static void check(Path path, BasicFileAttributes found) throws FileSystemException {
    if (found.isDirectory()) {
      throw refusal(
          path,
          "this is a directory; name a file in it instead, for example " + path.resolve("disk"),
          null);
    }
    if (!found.isRegularFile()) {
      throw refusal(path, "this is no regular file; choose another path", null);
    }
    if (found.size() > 0) {
      throw refusal(
          path,
          "the file holds "
              + found.size()
              + " bytes, which a mount would hide; choose another path, or move the file away",
          null);
    }
  }

  private static FileSystemException refusal(Path path, String why, @Nullable Exception cause) {
    var refusal = new FileSystemException(path.toString(), null, "cannot be mounted over: " + why);
    if (cause != null) {
      refusal.initCause(cause);
    }
    return refusal;
  }

  private static PosixFileAttributes attributes(Path path) throws IOException {
    return Files.readAttributes(path, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
  }

  /** The file, with no symbolic link in its path. */
  Path path() {
    return path;
  }

  /** What users may do with the file itself; nothing when we made it. */
  Set<PosixFilePermission> permissions() {
    return permissions;
  }

  /**
   * Removes the file if we made it and nobody has put something into it or in its place. To be
   * called when it is not mounted over any more.
   *
   * @throws IOException when it cannot be removed
   */
  void remove() throws IOException {
    if (made == null) {
      return;
    }
    try {
      BasicFileAttributes found = attributes(path);
      if (Objects.equals(found.fileKey(), made) && found.isRegularFile() && found.size() == 0) {
        Files.deleteIfExists(path);
      }
    } catch (NoSuchFileException e) {
      LOG.debug("{}: somebody else has removed it", path, e);
    }
  }
}
