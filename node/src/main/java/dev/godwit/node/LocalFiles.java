package dev.godwit.node;

import dev.godwit.libc.BlockDevice;
import dev.godwit.libc.BoundedCall;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks whether files of this machine can be used, and says why not. */
final class LocalFiles {
  private static final Logger LOG = LoggerFactory.getLogger(LocalFiles.class);
  private static final Duration LOOK = Duration.ofSeconds(2);

  private LocalFiles() {}

  /** What is at a path. */
  enum Found {
    /** A file, or a link to somewhere. */
    FILE,
    /** A folder. */
    FOLDER,
    /** A device, a pipe or a socket. */
    OTHER
  }

  /** What is at a path; empty when nothing is there that answers within two seconds. */
  static Optional<Found> look(Path path) {
    try {
      return BoundedCall.run(
          "looking at " + path,
          LOOK,
          () ->
              Files.exists(path, LinkOption.NOFOLLOW_LINKS)
                  ? Optional.of(kind(path))
                  : Optional.empty());
    } catch (IOException e) {
      LOG.debug("{} does not answer", path, e);
      return Optional.empty();
    }
  }

  private static Found kind(Path path) {
    if (Files.isDirectory(path)) {
      return Found.FOLDER;
    }
    // Where a link leads is not there perhaps, or a mount whose process has died.
    return Files.isRegularFile(path) || !Files.exists(path) ? Found.FILE : Found.OTHER;
  }

  /** Whether a path is a symbolic link; what does not answer within two seconds is none. */
  static boolean isLink(Path path) throws IOException {
    try {
      return BoundedCall.run("looking at " + path, LOOK, () -> Files.isSymbolicLink(path));
    } catch (BoundedCall.TooLongException e) {
      LOG.debug("{} does not answer", path, e);
      return false;
    }
  }

  /**
   * The file itself, whatever links lead to it: what is remembered of it lies beside it, once. It
   * need not be there.
   *
   * @throws NodeException when it is a link to nothing
   */
  static Path real(Path file) throws IOException {
    Path whole = file.toAbsolutePath();
    if (Files.exists(whole)) {
      return whole.toRealPath();
    }
    if (Files.isSymbolicLink(whole)) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          whole
              + " is a symbolic link to "
              + Files.readSymbolicLink(whole)
              + ", which is not there. Remove the link, or name the file itself.");
    }
    Path folder = whole.getParent();
    return folder == null || !Files.exists(folder)
        ? whole
        : folder.toRealPath().resolve(whole.getFileName());
  }

  /**
   * Passes when a file has no second name, by which its bytes could be offered or changed without
   * what is remembered of the first.
   *
   * @throws NodeException when it has
   */
  static void checkOneName(Path file) throws IOException {
    if (Files.isRegularFile(file)
        && Files.getAttribute(file, "unix:nlink") instanceof Integer names
        && names > 1) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          file
              + " has "
              + names
              + " names (hard links), and would be taken for as many states. Remove the others"
              + " ('find -samefile' names them), or offer a copy.");
    }
  }

  /** The bytes of a file or a disk; a file's attributes know the former only. */
  static long size(Path file) throws IOException {
    if (Files.isRegularFile(file)) {
      return Files.size(file);
    }
    try (FileChannel disk = FileChannel.open(file)) {
      return disk.size();
    }
  }

  /** Whether something that is there can hold a state: it is a file or a disk. */
  static boolean holdsState(Path file) throws IOException {
    return Files.isRegularFile(file) || BlockDevice.isAt(file);
  }

  /**
   * Passes when a disk is nobody's.
   *
   * @param file a disk, or a file, with which this has nothing to do
   * @throws NodeException when it is mounted, or part of something else
   */
  static void checkUnclaimed(Path file) throws IOException {
    if (!Files.isRegularFile(file) && new BlockDevice(file).isClaimed(LOOK)) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          file
              + " is in use: it is mounted, or part of another disk. Unmount it first; 'lsblk' shows"
              + " where it is.");
    }
  }

  /**
   * Passes when something can be made in a folder.
   *
   * @param folder null for the one above the root
   * @throws NodeException when it is not there or may not be written
   */
  static void checkWritableFolder(@Nullable Path folder) throws NodeException {
    if (folder == null) {
      return;
    }
    if (!Files.exists(folder)) {
      throw new NodeException(
          NodeException.Kind.FAILED, "There is no folder " + folder + ". Make it first.");
    }
    if (!Files.isDirectory(folder)) {
      throw new NodeException(NodeException.Kind.FAILED, folder + " is a file, not a folder.");
    }
    if (!Files.isWritable(folder)) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          "Nothing can be made in "
              + folder
              + ": it is read-only, or belongs to somebody else. Use another place.");
    }
  }

  /**
   * Passes when a file can be opened to be read and written.
   *
   * @throws NodeException when it cannot
   */
  static void checkReadableAndWritable(Path file) throws IOException {
    if (!Files.isReadable(file)) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          file
              + " may not be read by this user. Look at its owner and its rights ('ls -l'), or be"
              + " another user.");
    }
    if (Files.getFileStore(file).isReadOnly()) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          file
              + " is on a file system that is read-only, and its journal and mounts need to write."
              + " Mount it to be written, or use a copy elsewhere.");
    }
    if (!Files.isWritable(file)) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          file
              + " may not be written by this user, which its journal and mounts need. Look at its"
              + " owner and its rights ('ls -l'), or use another place.");
    }
    if (Files.isRegularFile(file)) {
      checkWritableFolder(file.toAbsolutePath().getParent());
    }
  }
}
