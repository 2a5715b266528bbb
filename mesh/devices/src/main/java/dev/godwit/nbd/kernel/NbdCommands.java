package dev.godwit.nbd.kernel;

import java.net.ProtocolException;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;

/**
 * The commands of the kernel's NBD client, as {@code <linux/nbd-netlink.h>} numbers them.
 * Immutable.
 *
 * @param family the number that the kernel has given to the family {@link #FAMILY}
 */
record NbdCommands(int family) {
  static final String FAMILY = "nbd";

  /** {@code <linux/genetlink.h>}: who knows the families' numbers, and how to ask. */
  private static final int CONTROL = 0x10;

  private static final int GET_FAMILY = 3;
  private static final int FAMILY_ID = 1;
  private static final int FAMILY_NAME = 2;

  private static final int CONNECT = 1;
  private static final int DISCONNECT = 2;
  private static final int RECONFIGURE = 3;
  private static final int STATUS = 5;

  private static final int INDEX = 1;
  private static final int SIZE_BYTES = 2;
  private static final int BLOCK_SIZE_BYTES = 3;
  private static final int TIMEOUT = 4;
  private static final int SERVER_FLAGS = 5;
  private static final int CLIENT_FLAGS = 6;
  private static final int SOCKETS = 7;
  private static final int DEAD_CONNECTION_TIMEOUT = 8;
  private static final int DEVICE_LIST = 9;
  private static final int BACKEND_IDENTIFIER = 10;

  private static final int SOCKET_ITEM = 1;
  private static final int SOCKET_DESCRIPTOR = 1;
  private static final int DEVICE_ITEM = 1;
  private static final int DEVICE_INDEX = 1;
  private static final int DEVICE_CONNECTED = 2;

  /**
   * Neither flag: the device stays when the last program closes it, and when it is disconnected.
   */
  private static final long NO_CLIENT_FLAGS = 0;

  /** Asks for a family's number. */
  static NetlinkRequest findFamily(String name) {
    return new NetlinkRequest(CONTROL, GET_FAMILY).text(FAMILY_NAME, name);
  }

  /**
   * The number in the answer to {@link #findFamily}.
   *
   * @throws ProtocolException when there is none
   */
  static int familyIn(List<NetlinkMessage> replies) throws ProtocolException {
    for (NetlinkMessage reply : replies) {
      OptionalInt number = reply.attributes().number(FAMILY_ID);
      if (number.isPresent()) {
        return number.getAsInt();
      }
    }
    throw new ProtocolException("netlink: a family without a number");
  }

  /** Makes a device of connected sockets: of a given number, or the first that is free. */
  NetlinkRequest connect(OptionalInt index, DeviceShape shape, List<Integer> sockets) {
    NetlinkRequest request = new NetlinkRequest(family, CONNECT);
    index.ifPresent(number -> request.number32(INDEX, number));
    request
        .number64(SIZE_BYTES, shape.size())
        .number64(BLOCK_SIZE_BYTES, shape.blockSize())
        .number64(TIMEOUT, seconds(shape.request()))
        .number64(DEAD_CONNECTION_TIMEOUT, seconds(shape.reconnect()))
        .number64(SERVER_FLAGS, shape.serverFlags())
        .number64(CLIENT_FLAGS, NO_CLIENT_FLAGS)
        .text(BACKEND_IDENTIFIER, shape.identifier());
    return sockets(request, sockets);
  }

  /** Gives a device sockets for those that it has lost. */
  NetlinkRequest reconfigure(int index, String identifier, List<Integer> sockets) {
    return sockets(
        new NetlinkRequest(family, RECONFIGURE)
            .number32(INDEX, index)
            .text(BACKEND_IDENTIFIER, identifier),
        sockets);
  }

  private static NetlinkRequest sockets(NetlinkRequest request, List<Integer> sockets) {
    int list = request.begin(SOCKETS);
    for (int socket : sockets) {
      int item = request.begin(SOCKET_ITEM);
      request.number32(SOCKET_DESCRIPTOR, socket).end(item);
    }
    return request.end(list);
  }

  /** Ends a device. */
  NetlinkRequest disconnect(int index) {
    return new NetlinkRequest(family, DISCONNECT).number32(INDEX, index);
  }

  /** Asks whether a device is in use. */
  NetlinkRequest status(int index) {
    return new NetlinkRequest(family, STATUS).number32(INDEX, index);
  }

  /**
   * The device's number in the answer to {@link #connect}.
   *
   * @throws ProtocolException when there is none
   */
  static int indexIn(List<NetlinkMessage> replies) throws ProtocolException {
    for (NetlinkMessage reply : replies) {
      OptionalInt number = reply.attributes().number(INDEX);
      if (number.isPresent() && number.getAsInt() >= 0) {
        return number.getAsInt();
      }
    }
    throw new ProtocolException("netlink: a device without a number");
  }

  /**
   * Whether the answer to {@link #status} says that a device is connected, or opened at least.
   *
   * @throws ProtocolException when lengths do not fit together
   */
  static boolean isConnected(List<NetlinkMessage> replies, int index) throws ProtocolException {
    for (NetlinkMessage reply : replies) {
      for (Attributes list : reply.attributes().lists(DEVICE_LIST)) {
        for (Attributes device : list.lists(DEVICE_ITEM)) {
          if (device.number(DEVICE_INDEX).equals(OptionalInt.of(index))
              && device.number(DEVICE_CONNECTED).orElse(0) != 0) {
            return true;
          }
        }
      }
    }
    return false;
  }

  /** Whole seconds, rounded up. */
  static long seconds(Duration duration) {
    return duration.plusNanos(999_999_999).toSeconds();
  }
}
