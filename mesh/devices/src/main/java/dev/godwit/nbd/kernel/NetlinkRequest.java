package dev.godwit.nbd.kernel;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A generic netlink request that grows by one attribute after the other. For one thread.
 *
 * <p>Numbers have the machine's byte order, as {@code <linux/netlink.h>} wants them.
 */
final class NetlinkRequest {
  /** As long as a request of ours may become. */
  private static final int MOST = 32 << 10;

  /** NLM_F_REQUEST and NLM_F_ACK. */
  private static final short FLAGS = 1 | 4;

  /** NLA_F_NESTED. */
  private static final int NESTED = 1 << 15;

  private static final byte VERSION = 1;
  private static final int SEQUENCE_AT = 8;

  private final ByteBuffer out = ByteBuffer.allocate(MOST).order(ByteOrder.nativeOrder());

  /** Begins a request that the kernel has to acknowledge. */
  NetlinkRequest(int family, int command) {
    out.putInt(0).putShort((short) family).putShort(FLAGS).putInt(0).putInt(0);
    out.put((byte) command).put(VERSION).putShort((short) 0);
  }

  NetlinkRequest number32(int type, int value) {
    header(type, Integer.BYTES).putInt(value);
    return this;
  }

  NetlinkRequest number64(int type, long value) {
    header(type, Long.BYTES).putLong(value);
    return this;
  }

  /** A text and the zero at its end. */
  NetlinkRequest text(int type, String value) {
    byte[] bytes = value.getBytes(UTF_8);
    header(type, bytes.length + 1).put(bytes).put((byte) 0);
    pad();
    return this;
  }

  /** Begins a list; the attributes up to {@link #end} are in it. */
  int begin(int type) {
    int start = out.position();
    header(type | NESTED, 0);
    return start;
  }

  /** Ends the list that began at {@code start}. */
  NetlinkRequest end(int start) {
    out.putShort(start, (short) (out.position() - start));
    return this;
  }

  private ByteBuffer header(int type, int length) {
    return out.putShort((short) (Attributes.HEADER_BYTES + length)).putShort((short) type);
  }

  private void pad() {
    while (out.position() % 4 != 0) {
      out.put((byte) 0);
    }
  }

  /** The whole message. */
  ByteBuffer bytes(int sequence) {
    out.putInt(0, out.position()).putInt(SEQUENCE_AT, sequence);
    return out.duplicate().order(ByteOrder.nativeOrder()).flip();
  }
}
