package dev.godwit.nbd.kernel;

import dev.godwit.libc.BlockDevice;
import dev.godwit.libc.BoundedCall;
import dev.godwit.libc.Deadline;
import dev.godwit.libc.DeviceInUseException;
import dev.godwit.libc.LibC;
import dev.godwit.libc.SystemCallException;
import dev.godwit.libc.SystemCalls;
import dev.godwit.nbd.NbdAddress;
import dev.godwit.nbd.kernel.KernelNbdSettings.Way;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An NBD server as a block device of the kernel, {@code /dev/nbdN}, as {@code <linux/nbd.h>} and
 * {@code <linux/nbd-netlink.h>} describe. Only root may do this. Thread-safe.
 *
 * <p>Made by netlink the device stays when connections are lost; they are replaced, and programs
 * notice nothing if that takes less than {@link KernelNbdSettings#reconnect}. When this process is
 * killed the device stays too, without anybody who replaces connections; {@code nbd-client -d}
 * takes it away. Made by ioctl it ends with its last connection, and with this process.
 *
 * <p>A process that serves the device itself must not map it into its memory: a garbage collection
 * during a page fault would stop the thread that has to answer.
 */
public final class KernelNbd implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(KernelNbd.class);

  /** For what the kernel does without the server. */
  private static final Duration KERNEL = Duration.ofSeconds(10);

  /** How long the server may take to be told that we leave. */
  private static final Duration FAREWELL = Duration.ofSeconds(1);

  private static final Duration ORDERLY = Duration.ofSeconds(3);
  private static final Duration FORCED = Duration.ofSeconds(5);

  /** While nobody answers what udev reads, it does not settle; nobody needs to wait for that. */
  private static final Duration SETTLE = Duration.ofSeconds(3);

  private static final Duration POLL = Duration.ofMillis(5);
  private static final Path UDEV = Path.of("/run/udev/control");

  private final SysBlock sys;
  private final Attachment attachment;
  private final List<ServerLink> links;

  /** Null where a lost connection is lost for good. */
  private final @Nullable LinkKeeper keeper;

  private final DeviceShape shape;
  private final CompletableFuture<Boolean> gone;

  private final ReentrantLock detaching = new ReentrantLock();

  /** Guarded by {@link #detaching}. */
  private boolean detached;

  private KernelNbd(
      SystemCalls calls,
      SysBlock sys,
      Attachment attachment,
      NbdAddress server,
      KernelNbdSettings settings,
      List<ServerLink> links,
      DeviceShape shape) {
    this.sys = sys;
    this.attachment = attachment;
    this.links = links;
    this.shape = shape;
    switch (attachment) {
      case NetlinkAttachment netlink -> {
        LinkKeeper replacing = new LinkKeeper(calls, netlink, server, settings, links);
        this.keeper = replacing;
        this.gone = replacing.gone();
      }
      case IoctlAttachment ioctl -> {
        this.keeper = null;
        this.gone = ioctl.ended();
      }
    }
  }

  /**
   * What is in the way of attaching a device here, with what to do about it; empty when nothing is.
   */
  public static Optional<String> obstacle() {
    try {
      var calls = new SystemCalls(LibC.load());
      if (SysBlock.system().numbers().isEmpty() && NetlinkAttachment.find(calls).isEmpty()) {
        return Optional.of(
            "this kernel has no network block devices; load its module with: modprobe nbd");
      }
      return calls.libc().geteuid() == 0
          ? Optional.empty()
          : Optional.of("only root may attach block devices; run this as root");
    } catch (IOException e) {
      return Optional.of("the kernel cannot be asked for block devices: " + e.getMessage());
    }
  }

  /**
   * Makes a server the first device that is free.
   *
   * @throws IOException when that is not possible; the message says what to do
   */
  public static KernelNbd attach(NbdAddress server, KernelNbdSettings settings) throws IOException {
    return attach(server, OptionalInt.empty(), settings);
  }

  /**
   * Makes a server a device of choice.
   *
   * @param device {@code /dev/nbdN}
   * @throws IOException when that is not possible; the message says what to do
   */
  public static KernelNbd attach(NbdAddress server, Path device, KernelNbdSettings settings)
      throws IOException {
    OptionalInt number = SysBlock.number(device);
    if (number.isEmpty()) {
      throw new IOException(device + " is no network block device; name one like /dev/nbd0");
    }
    return attach(server, number, settings);
  }

  private static KernelNbd attach(NbdAddress server, OptionalInt number, KernelNbdSettings settings)
      throws IOException {
    Optional<String> obstacle = obstacle();
    if (obstacle.isPresent()) {
      throw new IOException(obstacle.get());
    }
    var calls = new SystemCalls(LibC.load());
    SysBlock sys = SysBlock.system();
    List<ServerLink> links = connect(calls, server, settings);
    DeviceShape shape;
    try {
      shape = DeviceShape.of(links.getFirst().offer(), settings, "godwit-" + UUID.randomUUID());
    } catch (IOException | RuntimeException e) {
      links.forEach(ServerLink::close);
      throw e;
    }
    Attachment attachment = attach(calls, sys, number, settings.way(), shape, links);
    KernelNbd made = new KernelNbd(calls, sys, attachment, server, settings, links, shape);
    made.begin();
    return made;
  }

  private static List<ServerLink> connect(
      SystemCalls calls, NbdAddress server, KernelNbdSettings settings) throws IOException {
    List<ServerLink> links = new ArrayList<>();
    boolean done = false;
    try {
      ServerLink first = ServerLink.open(calls, server, settings.connect());
      links.add(first);
      int wanted = first.offer().manyConnections() ? settings.connections() : 1;
      while (links.size() < wanted) {
        ServerLink next = ServerLink.open(calls, server, settings.connect());
        links.add(next);
        if (!next.offer().equals(first.offer())) {
          throw new IOException(server + " offers each connection something else");
        }
      }
      done = true;
      return List.copyOf(links);
    } finally {
      if (!done) {
        links.forEach(ServerLink::close);
      }
    }
  }

  /** Lets go of the connections when it fails, but not while the kernel is told their numbers. */
  private static Attachment attach(
      SystemCalls calls,
      SysBlock sys,
      OptionalInt number,
      Way way,
      DeviceShape shape,
      List<ServerLink> links)
      throws IOException {
    String what = number.isPresent() ? SysBlock.device(number.getAsInt()).toString() : "/dev/nbd*";
    try {
      return BoundedCall.run(
          "attaching " + what,
          KERNEL,
          () -> {
            boolean done = false;
            try {
              Attachment made = make(calls, sys, number, way, shape, links);
              done = true;
              return made;
            } finally {
              if (!done) {
                links.forEach(ServerLink::close);
              }
            }
          },
          unwanted -> abandon(unwanted, links));
    } catch (SystemCallException e) {
      throw explained(e, what);
    } catch (IOException e) {
      // A call that is under way still must not wait for the server.
      links.forEach(ServerLink::cut);
      throw e;
    }
  }

  private static Attachment make(
      SystemCalls calls,
      SysBlock sys,
      OptionalInt number,
      Way way,
      DeviceShape shape,
      List<ServerLink> links)
      throws IOException {
    Optional<NbdCommands> netlink =
        way == Way.IOCTL ? Optional.empty() : NetlinkAttachment.find(calls);
    if (netlink.isPresent()) {
      return NetlinkAttachment.connect(calls, sys, netlink.get(), number, shape, links);
    }
    if (way == Way.NETLINK) {
      throw new IOException("this kernel knows no netlink for network block devices");
    }
    return IoctlAttachment.connect(calls, sys, number, shape, links);
  }

  /** Nobody waits for this device any more, nor has seen it. */
  private static void abandon(Attachment attachment, List<ServerLink> links) {
    // Without its sockets nothing in the kernel waits for the server.
    links.forEach(ServerLink::cut);
    try {
      attachment.disconnect();
    } catch (IOException e) {
      LOG.warn(
          "{}: a device that nobody wants any more stays", SysBlock.device(attachment.index()), e);
    } finally {
      links.forEach(ServerLink::close);
    }
  }

  private static IOException explained(SystemCallException e, String device) {
    return switch (e.error()) {
      case LibC.EBUSY ->
          new IOException(
              device
                  + " is in use; choose another, or end its use, for example with: nbd-client -d "
                  + device,
              e);
      case LibC.EPERM, LibC.EACCES ->
          new IOException("attaching " + device + " needs root, or CAP_SYS_ADMIN", e);
      case LibC.ENOENT, LibC.ENXIO ->
          new IOException(
              "there is no " + device + "; load more with: modprobe nbd nbds_max=64", e);
      default -> e;
    };
  }

  /** Returns when programs can use the device. */
  private void begin() throws IOException {
    boolean done = false;
    try {
      if (!Deadline.in(KERNEL).await(POLL, this::isReady)) {
        throw new IOException(
            path()
                + " was attached, but did not become a disk of "
                + shape.size()
                + " bytes within "
                + KERNEL.toSeconds()
                + " s");
      }
      settle();
      if (keeper != null) {
        keeper.start();
      }
      done = true;
    } finally {
      if (!done) {
        force(Deadline.in(FORCED));
      }
    }
  }

  private boolean isReady() throws IOException {
    Optional<IOException> failure = attachment.failure();
    if (failure.isPresent()) {
      throw failure.get();
    }
    int index = attachment.index();
    return sys.isConnected(index)
        && sys.sectors(index) == shape.sectors()
        && Files.exists(path())
        && attachment.isConfigured();
  }

  /** Lets udev, where there is one, do what it wants with a new disk. */
  private void settle() throws IOException {
    if (!Files.exists(UDEV)) {
      return;
    }
    Callable<Integer> settle =
        () ->
            new ProcessBuilder("udevadm", "settle", "--timeout=" + SETTLE.toSeconds())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
    try {
      int status = BoundedCall.run("udevadm settle", SETTLE.plus(FAREWELL), settle);
      LOG.debug("udevadm settle: {}", status);
    } catch (IOException e) {
      // The disk is there; at worst its links below /dev/disk come a little later.
      LOG.info("{}: udev has not settled", path(), e);
    }
  }

  /** The disk, {@code /dev/nbdN}. */
  public Path path() {
    return SysBlock.device(attachment.index());
  }

  /** Bytes of the disk. */
  public long size() {
    return shape.size();
  }

  /**
   * Completes when the device has ended without {@link #detach}: somebody else has taken it away,
   * or, without netlink, its last connection is lost.
   */
  public CompletableFuture<Boolean> gone() {
    return gone.copy();
  }

  /**
   * Detaches. May be called again, also after it failed.
   *
   * @param limit for everything; at least a few seconds make sense
   * @throws DeviceInUseException when somebody uses the device for longer than that. An orderly
   *     detach has changed nothing then; after a forced one all accesses fail, and the device goes
   *     when the last program closes it
   * @throws IOException when it cannot be detached for another reason
   */
  public void detach(Duration limit, Detach how) throws IOException {
    Deadline deadline = Deadline.in(limit);
    try {
      if (!detaching.tryLock(limit.toNanos(), TimeUnit.NANOSECONDS)) {
        throw new IOException(path() + ": another thread is still detaching it");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while detaching " + path(), e);
    }
    try {
      if (!detached) {
        detachOnce(deadline, how);
        detached = true;
      }
    } finally {
      detaching.unlock();
    }
  }

  private void detachOnce(Deadline deadline, Detach how) throws IOException {
    if (how == Detach.ORDERLY && !attachment.isOver()) {
      waitForPrograms(deadline);
      new BlockDevice(path()).writeOut(deadline.left());
    }
    force(deadline);
    if (!attachment.isOver()) {
      throw new DeviceInUseException(
          path()
              + " is in use; its accesses fail, and it goes when the last one that uses it lets go");
    }
  }

  private void waitForPrograms(Deadline deadline) throws IOException {
    if (!new BlockDevice(path()).awaitUnclaimed(deadline.left())) {
      throw new DeviceInUseException(
          path() + " is in use; unmount what is on it, or swapoff, and detach it again");
    }
  }

  /** Ends the device step by step, from the polite one to the one that needs nobody's help. */
  private void force(Deadline deadline) throws IOException {
    if (keeper != null) {
      keeper.stop();
    }
    try {
      step("detaching " + path(), deadline, attachment::disconnect);
      boolean over = soonest(deadline).await(POLL, attachment::isOver);
      cut();
      if (!over && !soonest(deadline).await(POLL, attachment::isOver)) {
        step("clearing " + path(), deadline, attachment::clear);
        boolean _ = deadline.await(POLL, attachment::isOver);
      }
    } finally {
      cut();
      closeLinks();
    }
  }

  @FunctionalInterface
  private interface Step {
    void run() throws IOException;
  }

  /** One that fails or takes too long does not keep the next one from being taken. */
  private void step(String what, Deadline deadline, Step step) throws IOException {
    if (attachment.isOver()) {
      return;
    }
    try {
      boolean _ =
          BoundedCall.run(
              what,
              FAREWELL.compareTo(deadline.left()) < 0 ? FAREWELL : deadline.left(),
              () -> {
                step.run();
                return true;
              });
    } catch (IOException e) {
      LOG.info("{}: {}", path(), e.toString());
    }
  }

  private static Deadline soonest(Deadline deadline) {
    return Deadline.in(FAREWELL.compareTo(deadline.left()) < 0 ? FAREWELL : deadline.left());
  }

  private void cut() {
    if (keeper != null) {
      keeper.cut();
    } else {
      links.forEach(ServerLink::cut);
    }
  }

  private void closeLinks() throws IOException {
    if (keeper == null) {
      links.forEach(ServerLink::close);
      return;
    }
    try {
      keeper.close(FAREWELL);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while detaching " + path(), e);
    }
  }

  /**
   * Detaches within eight seconds: waits a little for programs that use the device; then their
   * accesses fail.
   *
   * @throws IOException as {@link #detach}
   */
  @Override
  public void close() throws IOException {
    try {
      detach(ORDERLY, Detach.ORDERLY);
    } catch (IOException e) {
      LOG.warn("{}", e.getMessage());
      detach(FORCED, Detach.FORCED);
    }
  }
}
