package dev.godwit.nbd;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.godwit.stream.StreamTimeoutException;
import dev.godwit.testing.Patience;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/** Speaks NBD byte by byte, and therefore wrongly when a test wants it to. */
final class RawClient implements AutoCloseable {
  private final SocketByteStream stream;

  record OptionReply(int option, int type, ByteBuffer data) {
    String text() {
      return UTF_8.decode(data.duplicate()).toString();
    }
  }

  /** A simple reply has type -1 and its error in {@code flags}. */
  record Reply(int flags, int type, long cookie, ByteBuffer payload) {
    boolean simple() {
      return type == -1;
    }

    /** The error number, 0 for success. */
    int error() {
      if (simple()) {
        return flags;
      }
      return (type & Protocol.REPLY_ERROR_BIT) == 0 ? 0 : payload.getInt(0);
    }

    String message() {
      return UTF_8.decode(payload.slice(6, payload.getShort(4))).toString();
    }

    boolean done() {
      return simple() || (flags & Protocol.REPLY_FLAG_DONE) != 0;
    }
  }

  RawClient(Path socket) throws IOException {
    stream =
        new SocketByteStream(
            SocketChannel.open(UnixDomainSocketAddress.of(socket)), System::nanoTime);
    stream.timeout(Patience.seconds(30));
  }

  ByteBuffer take(int bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(bytes);
    stream.readFully(buffer);
    return buffer.flip();
  }

  void put(ByteBuffer bytes) throws IOException {
    stream.write(bytes);
  }

  RawClient greet(int clientFlags) throws IOException {
    ByteBuffer greeting = take(18);
    assertEquals(Protocol.NBD_MAGIC, greeting.getLong());
    assertEquals(Protocol.OPTION_MAGIC, greeting.getLong());
    assertEquals(Protocol.FIXED_NEWSTYLE | Protocol.NO_ZEROES, greeting.getShort());
    put(ByteBuffer.allocate(4).putInt(clientFlags).flip());
    return this;
  }

  RawClient option(int option, byte... data) throws IOException {
    put(
        ByteBuffer.allocate(16 + data.length)
            .putLong(Protocol.OPTION_MAGIC)
            .putInt(option)
            .putInt(data.length)
            .put(data)
            .flip());
    return this;
  }

  OptionReply optionReply() throws IOException {
    ByteBuffer header = take(20);
    assertEquals(Protocol.OPTION_REPLY_MAGIC, header.getLong());
    return new OptionReply(header.getInt(), header.getInt(), take(header.getInt()));
  }

  /** Passes over information up to the reply that ends the answer to an option. */
  OptionReply lastOptionReply() throws IOException {
    OptionReply reply = optionReply();
    while (reply.type() > Protocol.REP_ACK) {
      reply = optionReply();
    }
    return reply;
  }

  static byte[] goData(String name, int... infos) {
    byte[] bytes = name.getBytes(UTF_8);
    ByteBuffer data = ByteBuffer.allocate(6 + bytes.length + 2 * infos.length);
    data.putInt(bytes.length).put(bytes).putShort((short) infos.length);
    for (int info : infos) {
      data.putShort((short) info);
    }
    return data.array();
  }

  static byte[] contextData(String name, String... queries) {
    ByteBuffer data = ByteBuffer.allocate(1 << 16);
    data.putInt(name.getBytes(UTF_8).length).put(name.getBytes(UTF_8)).putInt(queries.length);
    for (String query : queries) {
      data.putInt(query.getBytes(UTF_8).length).put(query.getBytes(UTF_8));
    }
    byte[] exact = new byte[data.position()];
    data.get(0, exact);
    return exact;
  }

  /** Negotiates everything there is. */
  RawClient start(Negotiated.Replies replies) throws IOException {
    var _ = greet(Protocol.FIXED_NEWSTYLE | Protocol.NO_ZEROES);
    if (replies == Negotiated.Replies.STRUCTURED) {
      assertEquals(
          Protocol.REP_ACK, option(Protocol.OPT_STRUCTURED_REPLY).lastOptionReply().type());
      var _ = option(Protocol.OPT_SET_META_CONTEXT, contextData("", Protocol.BASE_ALLOCATION));
      assertEquals(Protocol.REP_ACK, lastOptionReply().type());
    }
    var _ = option(Protocol.OPT_GO, goData("", Protocol.INFO_BLOCK_SIZE));
    assertEquals(Protocol.REP_ACK, lastOptionReply().type());
    return this;
  }

  static ByteBuffer requestBytes(int type, int flags, long cookie, long offset, long count) {
    return ByteBuffer.allocate(Protocol.REQUEST_BYTES)
        .putInt(Protocol.REQUEST_MAGIC)
        .putShort((short) flags)
        .putShort((short) type)
        .putLong(cookie)
        .putLong(offset)
        .putInt((int) count)
        .flip();
  }

  RawClient request(int type, int flags, long cookie, long offset, long count) throws IOException {
    put(requestBytes(type, flags, cookie, offset, count));
    return this;
  }

  RawClient write(int flags, long cookie, long offset, byte[] payload) throws IOException {
    var _ = request(Protocol.CMD_WRITE, flags, cookie, offset, payload.length);
    put(ByteBuffer.wrap(payload));
    return this;
  }

  /** One simple reply or one chunk. */
  Reply reply(int simplePayload) throws IOException {
    int magic = take(4).getInt();
    if (magic == Protocol.SIMPLE_REPLY_MAGIC) {
      ByteBuffer rest = take(12);
      int error = rest.getInt();
      long cookie = rest.getLong();
      return new Reply(error, -1, cookie, take(error == 0 ? simplePayload : 0));
    }
    assertEquals(Protocol.STRUCTURED_REPLY_MAGIC, magic);
    ByteBuffer rest = take(16);
    return new Reply(
        rest.getShort() & 0xffff, rest.getShort() & 0xffff, rest.getLong(), take(rest.getInt()));
  }

  Reply reply() throws IOException {
    return reply(0);
  }

  /** Whether the server has ended the connection. */
  boolean ended() {
    try {
      return stream.read(ByteBuffer.allocate(1)) < 0;
    } catch (IOException e) {
      // A reset by the peer is an end too; running into the timeout is not.
      return !(e instanceof StreamTimeoutException);
    }
  }

  void finish() throws IOException {
    stream.finish();
  }

  @Override
  public void close() {
    stream.close();
  }
}
