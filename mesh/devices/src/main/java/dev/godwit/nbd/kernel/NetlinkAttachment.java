package dev.godwit.nbd.kernel;

import dev.godwit.libc.Deadline;
import dev.godwit.libc.LibC;
import dev.godwit.libc.SystemCallException;
import dev.godwit.libc.SystemCalls;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** A device made by generic netlink: it belongs to the kernel, not to this process. */
final class NetlinkAttachment implements Attachment {
  /** After the kernel has carried out a request its answer is there. */
  private static final Duration ANSWER = Duration.ofSeconds(10);

  /** A device that is free may be open for a moment: udev looks at what has changed. */
  private static final Duration LOOK = Duration.ofSeconds(2);

  private static final Duration POLL = Duration.ofMillis(5);

  private final SystemCalls calls;
  private final SysBlock sys;
  private final NbdCommands commands;
  private final int index;
  private final String identifier;

  private NetlinkAttachment(
      SystemCalls calls, SysBlock sys, NbdCommands commands, int index, String identifier) {
    this.calls = calls;
    this.sys = sys;
    this.commands = commands;
    this.index = index;
    this.identifier = identifier;
  }

  /** The family's number; none where the kernel has no NBD, or knows no netlink for it. */
  static Optional<NbdCommands> find(SystemCalls calls) throws IOException {
    try (NetlinkSocket socket = NetlinkSocket.open(calls)) {
      NetlinkRequest request = NbdCommands.findFamily(NbdCommands.FAMILY);
      List<NetlinkMessage> replies = socket.ask("looking for NBD", request, ANSWER);
      return Optional.of(new NbdCommands(NbdCommands.familyIn(replies)));
    } catch (SystemCallException e) {
      if (e.error() == LibC.ENOENT) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /**
   * Makes a device.
   *
   * @param wanted its number; without one the kernel takes the first that is free
   * @throws SystemCallException with EBUSY when the wanted one is in use
   * @throws IOException when the kernel refuses
   */
  static NetlinkAttachment connect(
      SystemCalls calls,
      SysBlock sys,
      NbdCommands commands,
      OptionalInt wanted,
      DeviceShape shape,
      List<ServerLink> links)
      throws IOException {
    List<Integer> sockets = links.stream().map(ServerLink::number).toList();
    String what = "attaching " + (wanted.isPresent() ? SysBlock.device(wanted.getAsInt()) : "NBD");
    Deadline deadline = Deadline.in(LOOK);
    try (NetlinkSocket socket = NetlinkSocket.open(calls)) {
      while (true) {
        try {
          NetlinkRequest request = commands.connect(wanted, shape, sockets);
          int index = NbdCommands.indexIn(socket.ask(what, request, ANSWER));
          return new NetlinkAttachment(calls, sys, commands, index, shape.identifier());
        } catch (SystemCallException e) {
          if (e.error() != LibC.EBUSY
              || wanted.isEmpty()
              || sys.isConnected(wanted.getAsInt())
              || deadline.isOver()) {
            throw e;
          }
          boolean _ = deadline.await(POLL, () -> !isOpen(socket, commands, wanted.getAsInt()));
        }
      }
    }
  }

  private static boolean isOpen(NetlinkSocket socket, NbdCommands commands, int index)
      throws IOException {
    return NbdCommands.isConnected(
        socket.ask("asking for " + SysBlock.device(index), commands.status(index), ANSWER), index);
  }

  @Override
  public int index() {
    return index;
  }

  /** None: the device stays when its connections end. */
  @Override
  public Optional<IOException> failure() {
    return Optional.empty();
  }

  @Override
  public boolean isConfigured() throws IOException {
    try (NetlinkSocket socket = NetlinkSocket.open(calls)) {
      return isOpen(socket, commands, index);
    }
  }

  /**
   * Gives the device a connection for one that it has lost. When it has lost none, this does
   * nothing, and nothing tells so.
   *
   * @throws IOException when the kernel refuses
   */
  void replace(ServerLink link) throws IOException {
    try (NetlinkSocket socket = NetlinkSocket.open(calls)) {
      List<NetlinkMessage> _ =
          socket.ask(
              "reconnecting " + SysBlock.device(index),
              commands.reconfigure(index, identifier, List.of(link.number())),
              ANSWER);
    }
  }

  @Override
  public void disconnect() throws IOException {
    try (NetlinkSocket socket = NetlinkSocket.open(calls)) {
      List<NetlinkMessage> _ =
          socket.ask("detaching " + SysBlock.device(index), commands.disconnect(index), ANSWER);
    }
  }

  @Override
  public void clear() throws IOException {
    String path = SysBlock.device(index).toString();
    int fd = calls.libc().open(path, LibC.O_RDWR | LibC.O_CLOEXEC);
    if (fd < 0) {
      throw calls.failure(path);
    }
    try {
      if (calls.libc().ioctl(fd, NbdIoctl.CLEAR_SOCK, 0) < 0) {
        throw calls.failure("clearing " + path);
      }
    } finally {
      var _ = calls.libc().close(fd);
    }
  }

  @Override
  public boolean isOver() throws IOException {
    if (!sys.isConnected(index)) {
      return true;
    }
    // Somebody else may have the number by now. Kernels before 5.14 do not say whose it is.
    String backend = sys.backend(index);
    return !backend.isEmpty() && !backend.equals(identifier);
  }
}
