package dev.godwit.node;

import dev.godwit.libc.BoundedCall;
import java.io.IOException;
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

  /** Whether a path is a folder; empty when nothing is there that answers within two seconds. */
  static Optional<Boolean> isFolder(Path path) {
    try {
      return BoundedCall.run(
          "looking at " + path,
          LOOK,
          () ->
              Files.exists(path, LinkOption.NOFOLLOW_LINKS)
                  ? Optional.of(Files.isDirectory(path))
                  : Optional.empty());
    } catch (IOException e) {
      LOG.debug("{} does not answer", path, e);
      return Optional.empty();
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
  static void checkReadableAndWritable(Path file) throws NodeException {
    if (!Files.isReadable(file)) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          file
              + " may not be read by this user. Look at its owner and its rights ('ls -l'), or be"
              + " another user.");
    }
    if (!Files.isWritable(file)) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          file
              + " may not be written by this user, which its journal and mounts need. Look at its"
              + " owner and its rights ('ls -l'), or use another place.");
    }
    checkWritableFolder(file.toAbsolutePath().getParent());
  }
}
