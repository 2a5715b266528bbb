package dev.godwit.nbd.kernel;

import dev.godwit.libc.Descriptor;
import dev.godwit.libc.LibC;
import dev.godwit.libc.SystemCallException;
import dev.godwit.libc.SystemCalls;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * A device made by {@code ioctl(2)}: a thread of this process is in the kernel as long as it lasts,
 * and it ends with its last connection. The kernel wants all of it done by one thread.
 */
final class IoctlAttachment implements Attachment {
  private final SystemCalls calls;
  private final SysBlock sys;
  private final int index;
  private final Path path;
  private final DeviceShape shape;
  private final List<Integer> sockets;
  private final CompletableFuture<Descriptor> prepared = new CompletableFuture<>();
  private final CompletableFuture<Boolean> ended = new CompletableFuture<>();
  private volatile @Nullable IOException failure;

  private IoctlAttachment(
      SystemCalls calls, SysBlock sys, int index, DeviceShape shape, List<Integer> sockets) {
    this.calls = calls;
    this.sys = sys;
    this.index = index;
    this.path = SysBlock.device(index);
    this.shape = shape;
    this.sockets = sockets;
  }

  /**
   * Makes a device.
   *
   * @param wanted its number; without one the first that is free is taken
   * @throws SystemCallException with EBUSY when it is in use
   * @throws IOException when the kernel refuses
   */
  static IoctlAttachment connect(
      SystemCalls calls,
      SysBlock sys,
      OptionalInt wanted,
      DeviceShape shape,
      List<ServerLink> links)
      throws IOException {
    List<Integer> sockets = links.stream().map(ServerLink::number).toList();
    List<Integer> candidates = wanted.isPresent() ? List.of(wanted.getAsInt()) : sys.numbers();
    SystemCallException busy = calls.failure("attaching NBD: no device is free", LibC.EBUSY);
    for (int candidate : candidates) {
      try {
        if (!sys.isConnected(candidate)) {
          var attachment = new IoctlAttachment(calls, sys, candidate, shape, sockets);
          attachment.start();
          return attachment;
        }
      } catch (SystemCallException e) {
        if (e.error() != LibC.EBUSY) {
          throw e;
        }
        busy = e;
      }
    }
    throw busy;
  }

  private void start() throws IOException {
    var _ = Thread.ofPlatform().daemon().name("nbd-device-" + index).start(this::run);
    try {
      prepared.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while attaching " + path, e);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof IOException cause ? cause : new IOException(e);
    }
  }

  private void run() {
    try (Descriptor device = open()) {
      // The kernel refuses it when the device is another's, which clearing would take away.
      set(device, NbdIoctl.SET_SOCK, sockets.getFirst());
      try {
        prepare(device);
        prepared.complete(device);
        int result = calls.libc().ioctl(device.number(), NbdIoctl.DO_IT, 0);
        if (result < 0) {
          failure = calls.failure(path + " has ended");
        }
      } finally {
        // The kernel keeps them for the next who opens the device.
        var _ = calls.libc().ioctl(device.number(), NbdIoctl.CLEAR_SOCK, 0);
      }
    } catch (IOException | RuntimeException e) {
      prepared.completeExceptionally(e);
    } finally {
      ended.complete(true);
    }
  }

  private Descriptor open() throws IOException {
    int fd = calls.libc().open(path.toString(), LibC.O_RDWR | LibC.O_CLOEXEC);
    if (fd < 0) {
      throw calls.failure(path.toString());
    }
    return new Descriptor(calls.libc(), fd);
  }

  private void prepare(Descriptor device) throws IOException {
    for (int socket : sockets.subList(1, sockets.size())) {
      set(device, NbdIoctl.SET_SOCK, socket);
    }
    set(device, NbdIoctl.SET_BLKSIZE, shape.blockSize());
    set(device, NbdIoctl.SET_SIZE_BLOCKS, shape.size() / shape.blockSize());
    set(device, NbdIoctl.SET_FLAGS, shape.serverFlags());
    set(device, NbdIoctl.SET_TIMEOUT, NbdCommands.seconds(shape.request()));
  }

  private void set(Descriptor device, long request, long argument) throws IOException {
    if (calls.libc().ioctl(device.number(), request, argument) < 0) {
      throw calls.failure("attaching " + path);
    }
  }

  /** Completes when the thread has come back from the kernel. */
  CompletableFuture<Boolean> ended() {
    return ended.copy();
  }

  @Override
  public int index() {
    return index;
  }

  /** From the beginning: the thread that configures it is the one that serves it. */
  @Override
  public boolean isConfigured() {
    return true;
  }

  @Override
  public Optional<IOException> failure() {
    return ended.isDone()
        ? Optional.of(
            Optional.ofNullable(failure).orElseGet(() -> new IOException(path + " has ended")))
        : Optional.empty();
  }

  @Override
  public void disconnect() throws IOException {
    tell(NbdIoctl.DISCONNECT);
  }

  @Override
  public void clear() throws IOException {
    tell(NbdIoctl.CLEAR_SOCK);
  }

  private void tell(long request) throws IOException {
    Descriptor device = prepared.join();
    if (device.enter()) {
      try {
        if (calls.libc().ioctl(device.number(), request, 0) < 0) {
          throw calls.failure("detaching " + path);
        }
      } finally {
        device.leave();
      }
    }
  }

  @Override
  public boolean isOver() {
    return ended.isDone() && !sys.isConnected(index);
  }
}
