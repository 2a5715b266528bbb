package dev.godwit.node;

import dev.godwit.libc.ExclusiveLock;
import dev.godwit.log.DurableNames;
import dev.godwit.log.FileLog;
import dev.godwit.log.ResourceBusyException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What has to be remembered of a state, in the folder {@code FILE.godwit} beside its file. Who has
 * the folder open is the only one to work with the state; other processes are refused meanwhile.
 * What is in it appears when there is something to remember, and closing removes the folder when
 * there is nothing.
 *
 * <p>Thread-safe.
 */
public final class StateFolder implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(StateFolder.class);
  private static final String LOCK = "lock";

  /** What may be in the folder. */
  public enum Part {
    /** Whose the state is, and which of its blocks are here. */
    JOURNAL("journal"),
    /** Who may write it from elsewhere, or has done so last. */
    LEASES("leases"),
    /** Which bytes of a mount's cache are here, and which are not saved. */
    CACHE("cache"),
    /** Which blocks mounts read first. */
    PROFILE("profile");

    private final String fileName;

    Part(String fileName) {
      this.fileName = fileName;
    }
  }

  private final Path state;
  private final ExclusiveLock lock;
  private final AtomicBoolean closed = new AtomicBoolean();

  private StateFolder(Path state, ExclusiveLock lock) {
    this.state = state;
    this.lock = lock;
  }

  /** Where the folder of a state file is, or would be. */
  public static Path of(Path state) {
    return state.resolveSibling(state.getFileName() + ".godwit");
  }

  /** Whether this is remembered of a state. */
  public static boolean remembers(Path state, Part part) {
    // What cannot be looked at may be there, and is an error when it is opened.
    return !Files.notExists(of(state).resolve(part.fileName));
  }

  /**
   * Opens the folder of a state, and makes it when it is not there.
   *
   * @throws ResourceBusyException when another process works with the state
   * @throws IOException when the folder cannot be made
   */
  public static StateFolder open(Path state) throws IOException {
    Path folder = of(state);
    while (true) {
      make(folder);
      try {
        return new StateFolder(
            state,
            ExclusiveLock.take(folder.resolve(LOCK))
                .orElseThrow(() -> new ResourceBusyException(state)));
      } catch (NoSuchFileException e) {
        LOG.debug("{} was removed by the one who left it just now", folder, e);
      }
    }
  }

  private static void make(Path folder) throws IOException {
    try {
      // Who reads the journal of a migration could take part in it.
      Files.createDirectory(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    } catch (FileAlreadyExistsException e) {
      if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
        throw new NodeException(
            NodeException.Kind.FAILED,
            folder
                + " is a file where a folder has to be, as earlier versions of Godwit made it. End"
                + " with that version what it began, then delete this file.",
            e);
      }
    }
    // Also if it was there: who made it may have died before this.
    DurableNames.force(folder);
  }

  /** Whether this is remembered. */
  boolean remembers(Part part) {
    return remembers(state, part);
  }

  /** Where a part is, or would be. */
  public Path path(Part part) {
    return of(state).resolve(part.fileName);
  }

  /**
   * Opens a part that is a log.
   *
   * @throws IOException when it cannot be read, or is damaged
   */
  public FileLog log(Part part) throws IOException {
    return FileLog.open(path(part));
  }

  /** Forgets some parts. The folder stays until it is closed. */
  void forget(Part... parts) throws IOException {
    for (Part part : parts) {
      Files.deleteIfExists(path(part));
    }
  }

  @Override
  public void close() throws IOException {
    if (closed.getAndSet(true)) {
      return;
    }
    try (lock) {
      Files.deleteIfExists(of(state).resolve(LOCK));
      Files.deleteIfExists(of(state));
    } catch (DirectoryNotEmptyException e) {
      LOG.trace("{} remembers something", state, e);
    }
  }
}
