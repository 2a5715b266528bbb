package dev.godwit.identity;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Set;

/**
 * Files that only their owner may read, created whole or not at all: other processes see either no
 * file or the complete one, and of several that create the same file exactly one wins.
 */
public final class PrivateFile {

  private static final Set<PosixFilePermission> OWNER_FILE =
      PosixFilePermissions.fromString("rw-------");
  private static final Set<PosixFilePermission> OWNER_DIRECTORY =
      PosixFilePermissions.fromString("rwx------");

  private PrivateFile() {}

  /** What became of an attempt to create a file. */
  public enum Creation {
    /** The file is there, with the given content, on stable storage. */
    CREATED,
    /** There was one already; it is as it was. */
    EXISTED
  }

  /**
   * Creates {@code file} with mode 0600 and this content, and its missing parent directories with
   * mode 0700.
   */
  public static Creation create(Path file, byte[] content) throws IOException {
    Path directory = directoryOf(file);
    createDirectory(directory);
    Creation creation = write(file, content, directory);
    // Also when another process was faster: what is there must outlive a crash before it is used.
    try (FileChannel entry = FileChannel.open(directory, StandardOpenOption.READ)) {
      entry.force(true);
    }
    return creation;
  }

  private static Creation write(Path file, byte[] content, Path directory) throws IOException {
    Path unfinished =
        Files.createTempFile(
            directory, ".unfinished-", "", PosixFilePermissions.asFileAttribute(OWNER_FILE));
    try {
      try (FileChannel out = FileChannel.open(unfinished, StandardOpenOption.WRITE)) {
        ByteBuffer rest = ByteBuffer.wrap(content);
        while (rest.hasRemaining()) {
          out.write(rest);
        }
        out.force(true);
      }
      // A link, unlike a rename, fails when the name is taken: this decides the race.
      Files.createLink(file, unfinished);
      return Creation.CREATED;
    } catch (FileAlreadyExistsException e) {
      return Creation.EXISTED;
    } finally {
      Files.deleteIfExists(unfinished);
    }
  }

  /** Creates a directory, and its missing parents, that only the owner may enter. */
  public static void createDirectory(Path directory) throws IOException {
    try {
      Files.createDirectories(directory, PosixFilePermissions.asFileAttribute(OWNER_DIRECTORY));
    } catch (FileAlreadyExistsException e) {
      throw (FileSystemException)
          new FileSystemException(
                  directory.toString(), null, "It is a file where a folder has to be")
              .initCause(e);
    } catch (NoSuchFileException e) {
      // Its parents are there by then: the file system makes no folders, as /proc does not.
      throw (FileSystemException)
          new FileSystemException(directory.toString(), null, "No folder can be made there")
              .initCause(e);
    }
  }

  /**
   * Makes a folder that only the owner may enter, as {@link #createDirectory} does, and closes one
   * to others that is there already.
   *
   * @return {@code directory}
   * @throws IOException also when it belongs to somebody else
   */
  public static Path closedDirectory(Path directory) throws IOException {
    createDirectory(directory);
    if (!Files.getPosixFilePermissions(directory).equals(OWNER_DIRECTORY)) {
      var _ = Files.setPosixFilePermissions(directory, OWNER_DIRECTORY);
    }
    return directory;
  }

  /**
   * Reads the whole file.
   *
   * @throws IOException also when others than the owner may touch it, or when it is larger than
   *     {@code maxBytes}
   */
  public static byte[] read(Path file, int maxBytes) throws IOException {
    Set<PosixFilePermission> mode = Files.getPosixFilePermissions(file);
    Set<PosixFilePermission> ofOthers =
        EnumSet.copyOf(PosixFilePermissions.fromString("---rwxrwx"));
    ofOthers.retainAll(mode);
    if (!ofOthers.isEmpty()) {
      throw new IOException(
          file
              + " holds a secret and others have access to it (mode "
              + PosixFilePermissions.toString(mode)
              + "). Run: chmod 600 "
              + file);
    }
    try (InputStream in = Files.newInputStream(file)) {
      byte[] content = in.readNBytes(maxBytes + 1);
      if (content.length > maxBytes) {
        throw new IOException(file + " is larger than " + maxBytes + " bytes.");
      }
      return content;
    }
  }

  private static Path directoryOf(Path file) {
    Path parent = file.toAbsolutePath().getParent();
    if (parent == null) {
      throw new IllegalArgumentException(file + " is not the name of a file.");
    }
    return parent;
  }
}
