package dev.godwit.node;

import dev.godwit.identity.PrivateFile;
import dev.godwit.libc.BlockDevice;
import dev.godwit.libc.ExclusiveLock;
import dev.godwit.libc.LibC;
import dev.godwit.libc.ShellWord;
import dev.godwit.libc.SystemCallException;
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
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What has to be remembered of a state, in the folder {@code FILE.godwit} beside its file; of a
 * disk, beside {@link #beside what stands for it}. Who has the folder open is the only one to work
 * with the state; other processes are refused meanwhile. What is in it appears when there is
 * something to remember, and closing removes the folder when there is nothing.
 *
 * <p>Thread-safe.
 */
public final class StateFolder implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(StateFolder.class);
  private static final String LOCK = "lock";
  private static final String OWNER = "unix:uid";
  private static final Integer ROOT = 0;

  /** Belongs to the user that this process acts as. */
  private static final Path SELF = Path.of("/proc/self");

  /** What flock(2) says where there are none. */
  private static final Set<Integer> NO_LOCKS =
      Set.of(LibC.ENOSYS, LibC.EOPNOTSUPP, LibC.EINVAL, LibC.ENOLCK);

  /** What may be in the folder. */
  public enum Part {
    /** Whose the state is, and which of its blocks are here. */
    JOURNAL("journal"),
    /** Who may write it from elsewhere, or has done so last. */
    LEASES("leases"),
    /** Which bytes of a mount's cache are here, and which are not saved. */
    CACHE("cache"),
    /** Which blocks mounts read first. */
    PROFILE("profile"),
    /** How the file was left, by which it shows whether somebody has changed it since. */
    LEFT("left"),
    /** That its program was asked to stop, and has neither moved nor gone on. */
    STOPPED("stopped");

    private final String fileName;

    Part(String fileName) {
      this.fileName = fileName;
    }
  }

  private final Path state;
  private final ExclusiveLock lock;
  private final AtomicBoolean closed = new AtomicBoolean();
  private final AtomicReference<@Nullable ExclusiveLock> held = new AtomicReference<>();

  private StateFolder(Path state, ExclusiveLock lock) {
    this.state = state;
    this.lock = lock;
  }

  /**
   * The path beside which the folder of a state is: a file's own. What is remembered of a disk must
   * be found again when the disk has another name, and not when another one has its name: a loop
   * device is its file, other disks are known by their numbers, in the node's home.
   *
   * @param state without symbolic links; need not be there
   * @throws NodeException when it is a disk that nobody would know again
   */
  static Path beside(Path state, NodeHome home) throws IOException {
    if (Files.notExists(state) || !BlockDevice.isAt(state)) {
      return state;
    }
    return beside(state, DiskIdentity.of(state, DiskIdentity.SYSFS), home);
  }

  /** The same for a disk, by what is known of it. */
  static Path beside(Path state, DiskIdentity disk, NodeHome home) throws NodeException {
    return switch (disk) {
      case DiskIdentity.OfFile of -> of.file();
      case DiskIdentity.Lasting lasting -> home.diskDirectory().resolve(lasting.id());
      case DiskIdentity.None none ->
          throw new NodeException(
              NodeException.Kind.FAILED,
              state
                  + " cannot hold a state: "
                  + none.why()
                  + ". After a restart nobody would know whether it is this state that has moved."
                  + " Use a logical volume, a disk with a serial number, or a file.");
    };
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
    return open(state, state);
  }

  /**
   * As {@link #open(Path)}, of a state that is somewhere else than its folder.
   *
   * @param beside as {@link #beside} says
   * @param state for messages
   */
  static StateFolder open(Path beside, Path state) throws IOException {
    if (!beside.equals(state)) {
      var _ = PrivateFile.closedDirectory(Objects.requireNonNull(beside.getParent()));
    }
    Path folder = of(beside);
    while (true) {
      make(folder);
      try {
        return new StateFolder(
            beside,
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
      checkOurs(folder);
      // Who unpacked it from a copy, for example, may have let others in.
      var _ = PrivateFile.closedDirectory(folder);
    }
    // Also if it was there: who made it may have died before this.
    DurableNames.force(folder);
  }

  /** Who owns the folder can put into it whatever he likes, links to our files for example. */
  private static void checkOurs(Path folder) throws IOException {
    Object owner = Files.getAttribute(folder, OWNER, LinkOption.NOFOLLOW_LINKS);
    Object self = Files.getAttribute(SELF, OWNER);
    if (!owner.equals(self) && !owner.equals(ROOT)) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          folder
              + " belongs to another user (number "
              + owner
              + "), who may have put anything into it. Run this as that user. If you know what is in"
              + " it, make it yours: chown -R "
              + self
              + " "
              + ShellWord.of(folder));
    }
  }

  /**
   * Locks the state itself as well, until this is closed: its file may have names in other places,
   * and a disk belongs to all homes of the machine. Done again when the file was made anew.
   *
   * @param state is there
   * @throws ResourceBusyException when another process has it locked
   */
  void hold(Path state) throws IOException {
    ExclusiveLock before = held.getAndSet(null);
    if (before != null) {
      before.close();
    }
    try {
      held.set(ExclusiveLock.hold(state).orElseThrow(() -> new ResourceBusyException(state)));
    } catch (SystemCallException e) {
      if (!NO_LOCKS.contains(e.error())) {
        throw e;
      }
      LOG.debug("{} is on a file system without locks", state, e);
    }
  }

  /** What stands for the state, as {@link #beside(Path, NodeHome)} says. */
  Path beside() {
    return state;
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
    try (lock;
        var _ = held.get()) {
      Files.deleteIfExists(of(state).resolve(LOCK));
      Files.deleteIfExists(of(state));
    } catch (DirectoryNotEmptyException e) {
      LOG.trace("{} remembers something", state, e);
    }
  }
}
