package dev.godwit.nbd.kernel;

import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * A message from the kernel, as {@code <linux/netlink.h>} describes. Immutable, as far as nobody
 * changes the payload.
 *
 * @param type a family's number, or one of the types that are the same for all
 * @param sequence of the request that it answers
 * @param payload what follows the header, in the machine's byte order
 */
record NetlinkMessage(int type, int sequence, ByteBuffer payload) {
  /** NLMSG_ERROR: a negative error number, or zero when all went well. */
  static final int ERROR = 2;

  /** {@code struct nlmsghdr}. */
  static final int HEADER_BYTES = 16;

  /** {@code struct genlmsghdr}. */
  static final int COMMAND_BYTES = 4;

  /** NLM_F_CAPPED and NLM_F_ACK_TLVS: what an error carries besides its number. */
  private static final int CAPPED = 0x100;

  private static final int ACK_ATTRIBUTES = 0x200;

  /** NLMSGERR_ATTR_MSG. */
  private static final int ERROR_TEXT = 1;

  /**
   * Takes a datagram apart.
   *
   * @throws ProtocolException when its lengths do not fit together
   */
  static List<NetlinkMessage> split(ByteBuffer datagram) throws ProtocolException {
    List<NetlinkMessage> messages = new ArrayList<>();
    ByteBuffer in = datagram.slice().order(ByteOrder.nativeOrder());
    while (in.hasRemaining()) {
      if (in.remaining() < HEADER_BYTES) {
        throw new ProtocolException("netlink: " + in.remaining() + " bytes are no message");
      }
      int start = in.position();
      int length = in.getInt();
      if (length < HEADER_BYTES || length > in.limit() - start) {
        throw new ProtocolException(
            "netlink: a message of " + Integer.toUnsignedLong(length) + " bytes");
      }
      int type = in.getShort() & 0xffff;
      int flags = in.getShort() & 0xffff;
      int sequence = in.getInt();
      ByteBuffer payload =
          in.slice(start + HEADER_BYTES, length - HEADER_BYTES).order(ByteOrder.nativeOrder());
      messages.add(
          new NetlinkMessage(type, sequence, type == ERROR ? error(payload, flags) : payload));
      in.position(Math.min(in.limit(), start + Attributes.aligned(length)));
    }
    return messages;
  }

  /** Of an error its number and its attributes: the request that it repeats is cut out. */
  private static ByteBuffer error(ByteBuffer payload, int flags) throws ProtocolException {
    if (payload.remaining() < 4 + HEADER_BYTES) {
      throw new ProtocolException("netlink: an error of " + payload.remaining() + " bytes");
    }
    int repeated = (flags & CAPPED) != 0 ? HEADER_BYTES : payload.getInt(4);
    int from = 4 + Attributes.aligned(repeated);
    boolean attributes =
        (flags & ACK_ATTRIBUTES) != 0
            && repeated >= HEADER_BYTES
            && from >= 0
            && from <= payload.remaining();
    int length = attributes ? payload.remaining() - from : 0;
    ByteBuffer kept = ByteBuffer.allocate(4 + length).order(ByteOrder.nativeOrder());
    kept.putInt(payload.getInt(0));
    if (attributes) {
      kept.put(payload.slice(from, length));
    }
    return kept.flip();
  }

  /** Of a message of type {@link #ERROR}: the error number of {@code errno(3)}, or zero. */
  int error() {
    return -payload.getInt(0);
  }

  /**
   * Of a message of type {@link #ERROR}: what the kernel says about it, may be empty.
   *
   * @throws ProtocolException when its lengths do not fit together
   */
  String errorText() throws ProtocolException {
    return Attributes.of(payload.slice(4, payload.remaining() - 4)).text(ERROR_TEXT);
  }

  /**
   * Of a generic netlink message: its command's attributes.
   *
   * @throws ProtocolException when its lengths do not fit together
   */
  Attributes attributes() throws ProtocolException {
    if (payload.remaining() < COMMAND_BYTES) {
      throw new ProtocolException("netlink: a command of " + payload.remaining() + " bytes");
    }
    return Attributes.of(payload.slice(COMMAND_BYTES, payload.remaining() - COMMAND_BYTES));
  }
}
