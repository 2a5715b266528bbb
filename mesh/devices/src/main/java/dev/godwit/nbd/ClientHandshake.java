package dev.godwit.nbd;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.godwit.stream.ByteStream;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.util.OptionalInt;

/** The client's side of the fixed newstyle handshake. For one thread. */
final class ClientHandshake {
  private static final int MAX_REPLY = 64 << 10;
  private static final int MAX_REPLIES = 4096;

  private final ByteStream stream;
  private final String export;
  private final Negotiated.Replies wanted;
  private final ByteBuffer out = ByteBuffer.allocate(3 * Protocol.MAX_STRING);

  private long size = -1;
  private int flags;
  private int minimum = 1;
  private int maximum = BlockSizes.LARGEST;
  private int context = -1;

  /**
   * What the server offers.
   *
   * @param size of the export, bytes, not negative
   * @param flags transmission flags
   * @param replies the kind of replies the server will send
   * @param allocationContext the id of {@code base:allocation}, when the server knows it
   * @param minimum block size, a power of two
   * @param maximum bytes of one READ or WRITE, a multiple of {@code minimum}
   */
  record Offer(
      long size,
      int flags,
      Negotiated.Replies replies,
      OptionalInt allocationContext,
      int minimum,
      int maximum) {}

  /**
   * @param wanted the kind of replies to ask for; a server may know simple ones only
   */
  ClientHandshake(ByteStream stream, String export, Negotiated.Replies wanted) {
    this.stream = stream;
    this.export = export;
    this.wanted = wanted;
  }

  /**
   * Chooses the export.
   *
   * @throws NbdException when the server refuses it
   * @throws ProtocolException when the server does not speak the protocol
   * @throws IOException when the connection failed
   */
  Offer run() throws IOException {
    ByteBuffer greeting = take(18);
    if (greeting.getLong() != Protocol.NBD_MAGIC || greeting.getLong() != Protocol.OPTION_MAGIC) {
      throw new ProtocolException("the server speaks no newstyle NBD");
    }
    int offered = greeting.getShort() & (Protocol.FIXED_NEWSTYLE | Protocol.NO_ZEROES);
    if ((offered & Protocol.FIXED_NEWSTYLE) == 0) {
      throw new ProtocolException("the server speaks no fixed newstyle NBD");
    }
    out.clear().putInt(offered);
    stream.write(out.flip());
    boolean structured =
        wanted == Negotiated.Replies.STRUCTURED && simpleOption(Protocol.OPT_STRUCTURED_REPLY);
    if (structured) {
      selectAllocation();
    }
    if (!go()) {
      exportName(offered);
    }
    if (size < 0) {
      throw new ProtocolException("the server told no valid size");
    }
    return new Offer(
        size,
        flags,
        structured ? Negotiated.Replies.STRUCTURED : Negotiated.Replies.SIMPLE,
        context < 0 ? OptionalInt.empty() : OptionalInt.of(context),
        minimum,
        maximum);
  }

  private boolean simpleOption(int option) throws IOException {
    request(option, new byte[0]);
    return reply(option).type == Protocol.REP_ACK;
  }

  private void selectAllocation() throws IOException {
    byte[] name = export.getBytes(UTF_8);
    byte[] query = Protocol.BASE_ALLOCATION.getBytes(UTF_8);
    ByteBuffer data = ByteBuffer.allocate(12 + name.length + query.length);
    data.putInt(name.length).put(name).putInt(1).putInt(query.length).put(query);
    request(Protocol.OPT_SET_META_CONTEXT, data.array());
    for (int i = 0; i < MAX_REPLIES; i++) {
      Reply reply = reply(Protocol.OPT_SET_META_CONTEXT);
      if (reply.type != Protocol.REP_META_CONTEXT) {
        return;
      }
      if (reply.data.remaining() < 4) {
        throw new ProtocolException("a metadata context without an id");
      }
      int id = reply.data.getInt();
      if (UTF_8.decode(reply.data).toString().equals(Protocol.BASE_ALLOCATION)) {
        context = id & Integer.MAX_VALUE;
        if (context != id) {
          throw new ProtocolException("metadata context id " + Integer.toUnsignedString(id));
        }
      }
    }
    throw new ProtocolException("an endless list of metadata contexts");
  }

  private boolean go() throws IOException {
    byte[] name = export.getBytes(UTF_8);
    ByteBuffer data = ByteBuffer.allocate(8 + name.length);
    data.putInt(name.length)
        .put(name)
        .putShort((short) 1)
        .putShort((short) Protocol.INFO_BLOCK_SIZE);
    request(Protocol.OPT_GO, data.array());
    for (int i = 0; i < MAX_REPLIES; i++) {
      Reply reply = reply(Protocol.OPT_GO);
      switch (reply.type) {
        case Protocol.REP_ACK -> {
          return true;
        }
        case Protocol.REP_INFO -> info(reply.data);
        case Protocol.REP_ERR_UNSUP -> {
          return false;
        }
        default -> {
          if (reply.type >= 0) {
            throw new ProtocolException("reply type " + reply.type + " to GO");
          }
          throw new NbdException(
              NbdError.EINVAL, "the server refuses export \"" + export + "\": " + refusal(reply));
        }
      }
    }
    throw new ProtocolException("an endless list of information");
  }

  private static String refusal(Reply reply) {
    String text = UTF_8.decode(reply.data).toString();
    String known =
        switch (reply.type) {
          case Protocol.REP_ERR_POLICY -> "forbidden";
          case Protocol.REP_ERR_UNKNOWN -> "there is no such export";
          case Protocol.REP_ERR_TLS_REQD -> "it insists on TLS";
          default -> "error " + (reply.type & Integer.MAX_VALUE);
        };
    return text.isEmpty() ? known : known + " (" + text + ")";
  }

  private void info(ByteBuffer data) throws IOException {
    int type = data.remaining() < 2 ? -1 : data.getShort() & 0xffff;
    if (type == Protocol.INFO_EXPORT) {
      if (data.remaining() != 10) {
        throw new ProtocolException("export information of wrong length");
      }
      size = data.getLong();
      flags = data.getShort() & 0xffff;
    } else if (type == Protocol.INFO_BLOCK_SIZE) {
      if (data.remaining() != 12) {
        throw new ProtocolException("block sizes of wrong length");
      }
      minimum = data.getInt();
      var _ = data.getInt();
      long largest = data.getInt() & 0xffffffffL;
      if (minimum < 1 || minimum > 1 << 16 || Integer.bitCount(minimum) != 1 || largest < minimum) {
        throw new ProtocolException("block sizes " + minimum + " to " + largest);
      }
      maximum = (int) Math.min(largest, BlockSizes.LARGEST) & -minimum;
    }
  }

  private void exportName(int handshakeFlags) throws IOException {
    request(Protocol.OPT_EXPORT_NAME, export.getBytes(UTF_8));
    boolean zeroes = (handshakeFlags & Protocol.NO_ZEROES) == 0;
    ByteBuffer answer = take(zeroes ? 134 : 10);
    size = answer.getLong();
    flags = answer.getShort() & 0xffff;
  }

  private void request(int option, byte[] data) throws IOException {
    out.clear().putLong(Protocol.OPTION_MAGIC).putInt(option).putInt(data.length).put(data);
    stream.write(out.flip());
  }

  private record Reply(int type, ByteBuffer data) {}

  private Reply reply(int option) throws IOException {
    ByteBuffer header = take(20);
    if (header.getLong() != Protocol.OPTION_REPLY_MAGIC || header.getInt() != option) {
      throw new ProtocolException("a reply to another option than " + option);
    }
    int type = header.getInt();
    int length = header.getInt();
    if (length < 0 || length > MAX_REPLY) {
      throw new ProtocolException(
          "an option reply of " + Integer.toUnsignedLong(length) + " bytes");
    }
    return new Reply(type, take(length));
  }

  private ByteBuffer take(int bytes) throws IOException {
    ByteBuffer in = ByteBuffer.allocate(bytes);
    stream.readFully(in);
    return in.flip();
  }
}
