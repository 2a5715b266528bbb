package dev.godwit.nbd;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.godwit.stream.ByteStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Takes replies off a stream and gives them to the requests they belong to. Every length a server
 * sends is checked against the request before it is used. For one thread.
 */
final class ReplyReader {
  private static final int BUFFER = 64 << 10;
  private static final int MAX_ERROR_PAYLOAD = 64 << 10;

  /** The longest status reply taken, bytes: a million runs. */
  private static final int MAX_STATUS_PAYLOAD = 4 + (8 << 20);

  private final ByteStream stream;
  private final Negotiated.Replies replies;
  private final OptionalInt allocationContext;
  private final ByteBuffer in = ByteBuffer.allocateDirect(BUFFER).limit(0);

  /** Finds the requests under way. */
  interface Requests {
    /** The request with this cookie, which is still waiting, or null. */
    @Nullable ClientRequest find(long cookie);

    /** The request's reply is complete. */
    void complete(ClientRequest request);
  }

  ReplyReader(ByteStream stream, Negotiated.Replies replies, OptionalInt allocationContext) {
    this.stream = stream;
    this.replies = replies;
    this.allocationContext = allocationContext;
  }

  /**
   * Takes one reply, or one chunk of one.
   *
   * @throws ProtocolException when the server broke the protocol
   * @throws EOFException when the server closed the connection
   */
  void next(Requests requests) throws IOException {
    need(4);
    int magic = in.getInt();
    switch (magic) {
      case Protocol.SIMPLE_REPLY_MAGIC -> simple(requests);
      case Protocol.STRUCTURED_REPLY_MAGIC -> chunk(requests);
      default -> throw new ProtocolException("wrong reply magic 0x" + Integer.toHexString(magic));
    }
  }

  private void simple(Requests requests) throws IOException {
    need(Protocol.SIMPLE_REPLY_BYTES - 4);
    int error = in.getInt();
    ClientRequest request = find(requests, in.getLong());
    if (replies == Negotiated.Replies.STRUCTURED
        && (request.type() == Protocol.CMD_READ || request.type() == Protocol.CMD_BLOCK_STATUS)) {
      throw new ProtocolException("a simple reply to " + request);
    }
    if (error != 0) {
      request.failed(NbdError.ofCode(error), "");
    } else if (request.type() == Protocol.CMD_READ) {
      payload(request.place(request.offset(), request.count()));
    }
    requests.complete(request);
  }

  private void chunk(Requests requests) throws IOException {
    need(Protocol.CHUNK_HEADER_BYTES - 4);
    if (replies != Negotiated.Replies.STRUCTURED) {
      throw new ProtocolException("a structured reply that was not negotiated");
    }
    int flags = in.getShort() & 0xffff;
    int type = in.getShort() & 0xffff;
    ClientRequest request = find(requests, in.getLong());
    long length = in.getInt() & 0xffffffffL;
    if ((type & Protocol.REPLY_ERROR_BIT) != 0) {
      error(request, type, length);
    } else {
      content(request, type, length);
    }
    if ((flags & Protocol.REPLY_FLAG_DONE) != 0) {
      requests.complete(request);
    } else if (type == Protocol.REPLY_NONE) {
      throw new ProtocolException("an empty chunk that is not the last, to " + request);
    }
  }

  private void content(ClientRequest request, int type, long length) throws IOException {
    switch (type) {
      case Protocol.REPLY_NONE -> check(length == 0, request, length);
      case Protocol.REPLY_OFFSET_DATA -> {
        check(request.type() == Protocol.CMD_READ && length > 8, request, length);
        need(8);
        payload(request.place(in.getLong(), length - 8));
      }
      case Protocol.REPLY_OFFSET_HOLE -> {
        check(request.type() == Protocol.CMD_READ && length == 12, request, length);
        need(12);
        long offset = in.getLong();
        ByteBuffer hole = request.place(offset, in.getInt() & 0xffffffffL);
        while (hole.hasRemaining()) {
          if (hole.remaining() >= 8) {
            hole.putLong(0);
          } else {
            hole.put((byte) 0);
          }
        }
      }
      case Protocol.REPLY_BLOCK_STATUS -> status(request, length);
      default -> throw new ProtocolException("chunk type " + type + " to " + request);
    }
  }

  private void status(ClientRequest request, long length) throws IOException {
    check(
        request.type() == Protocol.CMD_BLOCK_STATUS
            && length >= 12
            && length <= MAX_STATUS_PAYLOAD
            && (length - 4) % 8 == 0,
        request,
        length);
    need(4);
    check(in.getInt() == allocationContext.orElse(-1), request, length);
    for (long left = length - 4; left > 0; left -= 8) {
      need(8);
      long run = in.getInt() & 0xffffffffL;
      check(run > 0, request, length);
      request.run(run, in.getInt());
    }
  }

  private void error(ClientRequest request, int type, long length) throws IOException {
    check(length >= 6 && length <= MAX_ERROR_PAYLOAD, request, length);
    need(6);
    NbdError error = NbdError.ofCode(in.getInt());
    int textLength = in.getShort() & 0xffff;
    int tail = type == Protocol.REPLY_ERROR_OFFSET ? 8 : 0;
    check(textLength + tail <= length - 6, request, length);
    byte[] text = new byte[Math.min(textLength, Protocol.MAX_STRING)];
    ByteBuffer into = ByteBuffer.wrap(text);
    payload(into);
    skip(length - 6 - text.length);
    request.failed(error, new String(text, UTF_8));
  }

  private static ClientRequest find(Requests requests, long cookie) throws ProtocolException {
    ClientRequest request = requests.find(cookie);
    if (request == null) {
      throw new ProtocolException("a reply to a request that was never made");
    }
    return request;
  }

  private static void check(boolean fine, ClientRequest request, long length)
      throws ProtocolException {
    if (!fine) {
      throw new ProtocolException("a malformed reply of " + length + " bytes to " + request);
    }
  }

  private void payload(ByteBuffer dst) throws IOException {
    int buffered = Math.min(in.remaining(), dst.remaining());
    dst.put(dst.position(), in, in.position(), buffered);
    dst.position(dst.position() + buffered);
    in.position(in.position() + buffered);
    stream.readFully(dst);
  }

  private void skip(long bytes) throws IOException {
    for (long left = bytes; left > 0; left--) {
      need(1);
      var _ = in.get();
    }
  }

  private void need(int bytes) throws IOException {
    while (in.remaining() < bytes) {
      in.compact();
      int got;
      try {
        got = stream.read(in);
      } finally {
        in.flip();
      }
      if (got < 0) {
        throw new EOFException("the server closed the connection");
      }
    }
  }
}
