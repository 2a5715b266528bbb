package dev.godwit.nbd.kernel;

import dev.godwit.libc.Deadline;
import dev.godwit.libc.Descriptor;
import dev.godwit.libc.LibC;
import dev.godwit.libc.SystemCallException;
import dev.godwit.libc.SystemCalls;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A socket of generic netlink, as {@code netlink(7)} describes. One request at a time; an object is
 * for one request after the other, by one thread.
 */
final class NetlinkSocket implements AutoCloseable {
  private static final int GENERIC = 16;
  private static final int SOL_NETLINK = 270;

  /** NETLINK_EXT_ACK: errors come with a text. */
  private static final int EXTENDED_ACK = 11;

  private static final byte[] ON = {1, 0, 0, 0};

  /** Longer than any answer: the list of devices takes 20 bytes for each. */
  private static final int BUFFER_BYTES = 64 << 10;

  private final SystemCalls calls;
  private final Descriptor socket;
  private int sequence;

  private NetlinkSocket(SystemCalls calls, Descriptor socket) {
    this.calls = calls;
    this.socket = socket;
  }

  /**
   * Opens a socket.
   *
   * @throws IOException when this system has no netlink
   */
  static NetlinkSocket open(SystemCalls calls) throws IOException {
    LibC libc = calls.libc();
    int number = libc.socket(LibC.AF_NETLINK, LibC.SOCK_RAW | LibC.SOCK_CLOEXEC, GENERIC);
    if (number < 0) {
      throw calls.failure("netlink");
    }
    // Where the kernel is older than this, errors come without a text.
    byte[] on = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? ON : new byte[] {0, 0, 0, 1};
    var _ = libc.setsockopt(number, SOL_NETLINK, EXTENDED_ACK, on, on.length);
    return new NetlinkSocket(calls, new Descriptor(libc, number));
  }

  /**
   * Sends a request and waits until the kernel has carried it out, which only it decides; a caller
   * that cannot wait that long leaves its thread behind.
   *
   * @param what for the message of an error
   * @param limit for the answer after the request was taken
   * @return what the kernel sent besides the acknowledgement
   * @throws SystemCallException with the kernel's error number when it refuses
   * @throws IOException when the answer makes no sense or does not come
   */
  List<NetlinkMessage> ask(String what, NetlinkRequest request, Duration limit) throws IOException {
    int number = ++sequence;
    Deadline deadline = Deadline.in(limit);
    try (Arena arena = Arena.ofConfined()) {
      send(what, request.bytes(number), arena);
      SocketOptions.timeout(calls, socket.number(), LibC.SO_RCVTIMEO, limit);
      MemorySegment memory = arena.allocate(BUFFER_BYTES, 8);
      List<NetlinkMessage> replies = new ArrayList<>();
      while (!deadline.isOver()) {
        for (NetlinkMessage message : receive(what, memory)) {
          if (message.sequence() != number) {
            continue;
          }
          if (message.type() != NetlinkMessage.ERROR) {
            replies.add(message);
          } else if (message.error() == 0) {
            return replies;
          } else {
            String text = message.errorText();
            throw calls.failure(what + (text.isEmpty() ? "" : " (" + text + ")"), message.error());
          }
        }
      }
      throw new IOException(
          what + ": the kernel did not answer within " + limit.toMillis() + " ms");
    }
  }

  private void send(String what, ByteBuffer bytes, Arena arena) throws IOException {
    MemorySegment memory = arena.allocate(bytes.remaining(), 8);
    memory.copyFrom(MemorySegment.ofBuffer(bytes));
    long length = memory.byteSize();
    long sent = calls.libc().send(socket.number(), memory.address(), length, 0);
    if (sent < 0) {
      throw calls.failure(what);
    }
    if (sent != length) {
      throw new IOException(what + ": " + sent + " of " + length + " bytes were taken");
    }
  }

  private List<NetlinkMessage> receive(String what, MemorySegment memory) throws IOException {
    long got = calls.libc().recv(socket.number(), memory.address(), memory.byteSize(), 0);
    if (got >= 0) {
      // The messages live longer than the memory.
      byte[] bytes = memory.asSlice(0, got).toArray(ValueLayout.JAVA_BYTE);
      return NetlinkMessage.split(ByteBuffer.wrap(bytes));
    }
    int error = calls.lastError();
    if (error == LibC.EAGAIN || error == LibC.EINTR) {
      return List.of();
    }
    throw calls.failure(what, error);
  }

  @Override
  public void close() {
    socket.close();
  }
}
