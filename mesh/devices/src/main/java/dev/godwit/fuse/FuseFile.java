package dev.godwit.fuse;

import dev.godwit.backend.Backend;
import dev.godwit.libc.BoundedCall;
import dev.godwit.libc.Deadline;
import dev.godwit.libc.LibC;
import dev.godwit.libc.ShellWord;
import dev.godwit.libc.SystemCalls;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A resource as one file, for any program on this machine: mounted over an empty regular file, and
 * served from a {@link Backend} by this process.
 *
 * <p>The file has the backend's size and keeps it: truncating it to another size fails, writing
 * behind its end fails with ENOSPC as on a disk. {@code fsync} is {@link Backend#flush}; punching a
 * hole is {@link Backend#zero}; SEEK_DATA and SEEK_HOLE see {@link Backend#extents}. A backend's
 * {@link IOException} is EIO for the program, a full disk ENOSPC, and a resource that belongs to
 * another node by now ESTALE.
 *
 * <p>Who may do what is in the settings. One thing comes from the file that it lies over: where its
 * owner may execute that file, he may execute the resource. All else of that file's mode counts for
 * nothing, so that a resource is not open to others because an empty file was.
 *
 * <p><b>Threads.</b> All methods may be called from any thread. The backend is called by several
 * threads at once.
 *
 * <p><b>Never map this file into the process that serves it.</b> A thread that touches such a
 * mapping waits for this process while the garbage collector of this process waits for the thread,
 * and neither ever ends. Reading and writing it here by {@code FileChannel} works, but a process
 * that waits for itself cannot be killed: leave that to tests.
 *
 * <p><b>Unmounting always ends.</b> {@link #close()} waits for programs that use the file, and
 * gives up after the patience of the settings; {@link Unmount#FORCED} ends them. A copy of the
 * mount in another mount namespace, where nobody has it open, is cut off by either. When this
 * process is killed the kernel fails all calls with ENOTCONN, and the dead mount stays until the
 * next {@link #mount} at this path, or {@code umount}, takes it away.
 */
public final class FuseFile implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(FuseFile.class);

  private static final Duration POLL = Duration.ofMillis(20);

  /** For what has to be done when the time is over already, but ends soon. */
  private static final Duration GRACE = Duration.ofSeconds(2);

  private final MountPoint point;
  private final Mounter mounter;
  private final FuseControl control;
  private final String device;
  private final FuseSession session;
  private final Duration patience;
  private final ReentrantLock closing = new ReentrantLock();
  private boolean closed;

  private FuseFile(
      MountPoint point,
      Mounter mounter,
      FuseControl control,
      String device,
      FuseSession session,
      Duration patience) {
    this.point = point;
    this.mounter = mounter;
    this.control = control;
    this.device = device;
    this.session = session;
    this.patience = patience;
  }

  /**
   * Mounts a resource and starts to serve it. When this returns, a look at the file has come back
   * through the kernel.
   *
   * <p>Root mounts by itself; for ordinary users {@code fusermount3} does it, of the package fuse3.
   *
   * @param backend stays the caller's to flush and close, after the mount
   * @param path an empty regular file, or none: then one is made, and removed when it is unmounted
   * @throws IOException when it cannot be mounted or does not answer in time; nothing is left
   *     behind then. The message says what to do
   */
  public static FuseFile mount(Backend backend, Path path, FuseSettings settings)
      throws IOException {
    Deadline deadline = Deadline.in(settings.patience());
    var calls = new SystemCalls(LibC.load());
    Mounter mounter = Mounter.of(calls);
    MountPoint point = MountPoint.prepare(path, mounter, deadline);
    try {
      KernelFuseDevice device = mounter.mount(point.path(), settings, deadline.left());
      FuseFile file = serve(device, backend, settings, point, mounter, calls);
      try {
        file.await(backend, settings, deadline);
        return file;
      } catch (IOException | RuntimeException | Error e) {
        file.abandon(e);
        throw e;
      }
    } catch (IOException | RuntimeException | Error e) {
      try {
        point.remove();
      } catch (IOException more) {
        e.addSuppressed(more);
      }
      throw e;
    }
  }

  private static FuseFile serve(
      KernelFuseDevice first,
      Backend backend,
      FuseSettings settings,
      MountPoint point,
      Mounter mounter,
      SystemCalls calls)
      throws IOException {
    List<KernelFuseDevice> devices = new ArrayList<>(List.of(first));
    try {
      String number =
          MountTable.now()
              .at(point.path())
              .orElseThrow(() -> new IOException(point.path() + " was unmounted by somebody"))
              .device();
      while (devices.size() < settings.threads()) {
        devices.add(first.copy());
      }
      InstantSource clock = InstantSource.system();
      LibC libc = calls.libc();
      int mode = settings.overFileWith(point.permissions()).mode();
      FileStatus status = FileStatus.initial(mode, libc.geteuid(), libc.getegid(), clock.instant());
      String name = point.path().toString();
      var session = new FuseSession(name, backend, settings, status, clock, devices);
      session.start();
      var control = new FuseControl(calls);
      return new FuseFile(point, mounter, control, number, session, settings.patience());
    } catch (IOException | RuntimeException | Error e) {
      // The last descriptor ends the connection, so that nothing waits for us.
      devices.forEach(KernelFuseDevice::close);
      try {
        mounter.detach(point.path(), GRACE);
      } catch (IOException more) {
        e.addSuppressed(more);
      }
      throw e;
    }
  }

  private void await(Backend backend, FuseSettings settings, Deadline deadline) throws IOException {
    try {
      session.awaitAgreement(deadline.left());
    } catch (InterruptedException e) {
      throw interrupted("mounting", e);
    }
    readAhead(settings.readAhead());
    long size =
        BoundedCall.run(
            "the first look at " + path(),
            deadline.left(),
            () -> {
              try (var channel = FileChannel.open(path(), StandardOpenOption.READ)) {
                return channel.size();
              }
            });
    if (size != backend.size()) {
      throw new IOException(
          path() + " has " + size + " bytes, not the resource's " + backend.size());
    }
  }

  /** The kernel's own limit is small, and INIT can only make it smaller. */
  private void readAhead(int bytes) {
    Path limit = Path.of("/sys/class/bdi", device, "read_ahead_kb");
    try {
      Files.writeString(limit, Integer.toString(bytes >> 10), StandardOpenOption.WRITE);
    } catch (IOException e) {
      LOG.debug("{}: the read-ahead stays as the kernel chose it", path(), e);
    }
  }

  /**
   * Unmounts a resource that another process serves, as {@code umount} does; that process hears of
   * it by {@link #awaitEnd}.
   *
   * @param limit how long programs may take to let go
   * @throws MountInUseException when a program uses the file; it stays mounted
   * @throws IOException when nothing of ours is mounted there, or it cannot be unmounted
   */
  public static void unmount(Path path, Duration limit) throws IOException {
    Deadline deadline = Deadline.in(limit);
    Mounter mounter = Mounter.of(new SystemCalls(LibC.load()));
    Path file = MountPoint.resolve(path);
    if (MountTable.now().at(file).filter(entry -> entry.type().equals(Mounter.TYPE)).isEmpty()) {
      throw new IOException(path + ": nothing of ours is mounted there");
    }
    Deadline.Condition unmounted =
        () ->
            BoundedCall.run("unmounting " + file, GRACE, () -> mounter.unmount(file, GRACE))
                != Mounter.Outcome.BUSY;
    if (!deadline.await(POLL, unmounted)) {
      throw new MountInUseException(inUse(file));
    }
  }

  /**
   * The mounts on this machine whose process was killed: every access to them fails.
   *
   * @param limit how long looking at one of them may take; one that takes longer is not dead
   * @throws IOException when the table of mounts cannot be read
   */
  public static List<Path> dead(Duration limit) throws IOException {
    Map<Path, CompletableFuture<Boolean>> looks = new LinkedHashMap<>();
    // Side by side: each one whose process stands still takes all of its time.
    for (Path path : MountTable.now().of(Mounter.TYPE)) {
      looks.put(
          path,
          CompletableFuture.supplyAsync(
              () -> isDead(path, limit), look -> Thread.ofVirtual().start(look)));
    }
    return looks.entrySet().stream()
        .filter(look -> look.getValue().join())
        .map(Map.Entry::getKey)
        .toList();
  }

  private static boolean isDead(Path path, Duration limit) {
    try {
      return MountPoint.isDead(path, Deadline.in(limit));
    } catch (IOException e) {
      LOG.debug("{} does not answer, so somebody is there", path, e);
      return false;
    }
  }

  /**
   * Takes away a mount whose process was killed.
   *
   * @param limit how long that may take
   * @return false when there is none at this path, or its process lives
   * @throws IOException when it cannot be taken away
   */
  public static boolean clearDead(Path path, Duration limit) throws IOException {
    Path file = MountPoint.resolve(path);
    boolean ours =
        MountTable.now().at(file).filter(entry -> entry.type().equals(Mounter.TYPE)).isPresent();
    if (!ours || !isDead(file, limit)) {
      return false;
    }
    Mounter.of(new SystemCalls(LibC.load())).detach(file, limit);
    return true;
  }

  /** Where the resource is: the path given to {@link #mount}, without symbolic links. */
  public Path path() {
    return point.path();
  }

  /**
   * Says that a part of the backend has changed by other ways than this file: what the kernel keeps
   * of it is forgotten, and whoever reads it from now on sees the backend's bytes. Waits for reads
   * of that part that are under way, so this is no call for a virtual thread. For one thread at a
   * time.
   *
   * @throws IOException when the kernel does not take it
   */
  public void changed(long offset, long length) throws IOException {
    session.changed(offset, length);
  }

  /**
   * Waits until the file is unmounted, by {@link #close} or by somebody else. {@link #close} has to
   * be called all the same.
   *
   * @param limit how long to wait; zero looks without waiting
   * @return whether it is
   */
  public boolean awaitEnd(Duration limit) throws InterruptedException {
    return session.awaitEnd(limit);
  }

  /**
   * Unmounts in an orderly way within the patience of the settings.
   *
   * @throws IOException as {@link #close(Duration, Unmount)}
   */
  @Override
  public void close() throws IOException {
    close(patience, Unmount.ORDERLY);
  }

  /**
   * Unmounts, stops to serve, and removes the file if it was made by {@link #mount}. May be called
   * again, also after a failure. Does not flush the backend: its owner does.
   *
   * @param limit how long programs may take to let go; all in all it may take some seconds more
   * @throws MountInUseException when a program uses the file and {@code how} is {@link
   *     Unmount#ORDERLY}; the file stays mounted and is served
   * @throws IOException when it could not be unmounted for another reason
   */
  public void close(Duration limit, Unmount how) throws IOException {
    Deadline deadline = Deadline.in(limit);
    try {
      if (!closing.tryLock(limit.toNanos(), TimeUnit.NANOSECONDS)) {
        throw new IOException(path() + ": another thread is still unmounting it");
      }
      try {
        if (!closed) {
          closeOnce(deadline, limit, how);
          closed = true;
        }
      } finally {
        closing.unlock();
      }
    } catch (InterruptedException e) {
      throw interrupted("unmounting", e);
    }
  }

  private void closeOnce(Deadline deadline, Duration limit, Unmount how)
      throws IOException, InterruptedException {
    switch (how) {
      case ORDERLY -> {
        if (!unmount(deadline)) {
          throw new MountInUseException(inUse(path()));
        }
      }
      case FORCED -> {
        if (!unmountOrGiveUp(Deadline.in(limit.dividedBy(2)))) {
          force();
        }
      }
    }
    // A call that a backend does not return from keeps nobody: the kernel waits for it no more.
    Duration left = how == Unmount.FORCED ? GRACE : deadline.left();
    if (!session.awaitIdle(left)) {
      LOG.warn("{}: unmounted, but a call of the backend is still under way", path());
    }
    point.remove();
  }

  /** Unmounts as soon as nobody uses the file, and says whether that was before the deadline. */
  private boolean unmount(Deadline deadline) throws IOException, InterruptedException {
    while (!session.awaitEnd(Duration.ZERO) && MountTable.now().has(path(), device)) {
      // The call itself does not wait for programs; only something broken makes it take long.
      Mounter.Outcome outcome =
          BoundedCall.run("unmounting " + path(), GRACE, () -> mounter.unmount(path(), GRACE));
      if (outcome == Mounter.Outcome.BUSY && !pause(deadline)) {
        return false;
      }
    }
    return awaitEndOfUse(deadline);
  }

  /**
   * Out of sight is not gone: a program may hold the file. Another mount namespace may have a copy
   * of the mount, which it has got at its birth without asking for it, and which lasts as long as
   * its programs. Such a copy keeps nobody as long as none of them has the file open.
   */
  private boolean awaitEndOfUse(Deadline deadline) throws IOException, InterruptedException {
    while (!session.awaitEnd(POLL)) {
      if (!session.isOpen() && !MountTable.now().has(device)) {
        LOG.info("{}: unmounted; a copy in another mount namespace is cut off", path());
        return end() && session.awaitEnd(GRACE);
      }
      if (deadline.isOver()) {
        return false;
      }
    }
    return true;
  }

  private boolean pause(Deadline deadline) throws InterruptedException {
    return !session.awaitEnd(POLL) && !deadline.isOver();
  }

  private boolean unmountOrGiveUp(Deadline deadline) throws InterruptedException {
    try {
      return unmount(deadline);
    } catch (IOException e) {
      LOG.warn("{}: cannot be unmounted in an orderly way", path(), e);
      return false;
    }
  }

  /** Takes the mount out of sight and ends its connection, whoever uses it. */
  private void force() throws IOException, InterruptedException {
    IOException failure = null;
    try {
      if (MountTable.now().has(path(), device)) {
        var _ =
            BoundedCall.run(
                "detaching " + path(),
                GRACE,
                () -> {
                  mounter.detach(path(), GRACE);
                  return path();
                });
      }
    } catch (IOException e) {
      failure = e;
    }
    if (!session.awaitEnd(POLL)) {
      var _ = end();
    }
    if (!session.awaitEnd(GRACE) && failure != null) {
      throw failure;
    }
  }

  /** Ends the connection, and says whether the kernel does; else programs still get errors. */
  private boolean end() {
    // Whatever comes from now on is turned away by us, in case the kernel does not.
    session.refuse();
    try {
      control.abort(device);
      return true;
    } catch (IOException e) {
      LOG.warn("{}: programs that still use it get errors, but keep it", path(), e);
      return false;
    }
  }

  /** Unmounts after a failure to mount, which is what the caller hears of. */
  private void abandon(Throwable failure) {
    // An interrupt may be that failure; it must not keep us from cleaning up.
    boolean interrupted = Thread.interrupted();
    try {
      force();
    } catch (IOException e) {
      failure.addSuppressed(e);
    } catch (InterruptedException e) {
      failure.addSuppressed(e);
      interrupted = true;
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static String inUse(Path path) throws IOException {
    List<String> holders = new ArrayList<>();
    try (DirectoryStream<Path> devices = Files.newDirectoryStream(Path.of("/sys/block"), "loop*")) {
      for (Path one : devices) {
        Path device = Path.of("/dev").resolve(one.getFileName());
        if (LoopDevice.attached(device).equals(path.toString())) {
          holders.add(device.toString());
        }
      }
    }
    return holders.isEmpty()
        ? path
            + " is in use; end the programs that have it open ('fuser -vm "
            + ShellWord.of(path)
            + "' shows them), and unmount it again"
        : path
            + " is the disk of "
            + String.join(", ", holders)
            + "; unmount that and run: losetup -d "
            + holders.getFirst();
  }

  private IOException interrupted(String what, InterruptedException cause) {
    Thread.currentThread().interrupt();
    return new IOException("interrupted while " + what + " " + path(), cause);
  }
}
