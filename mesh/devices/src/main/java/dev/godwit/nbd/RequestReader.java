package dev.godwit.nbd;

import dev.godwit.backend.Backend;
import dev.godwit.stream.ByteStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;

/**
 * Takes requests off a stream. One read brings in as many as have arrived; they are then parsed in
 * place. For one thread.
 */
final class RequestReader {
  private static final int PAGE = 4096;

  private final ByteStream stream;
  private final BeforeWait beforeWait;
  private final ByteBuffer in;

  private int flags;
  private int type;
  private long cookie;
  private long offset;
  private long count;

  /** Called whenever the reader is about to wait for the client: the moment to send replies. */
  @FunctionalInterface
  interface BeforeWait {
    void run() throws IOException;
  }

  /**
   * @param in a direct buffer for this reader alone; its size is what is taken in at once
   */
  RequestReader(ByteStream stream, ByteBuffer in, BeforeWait beforeWait) {
    this.stream = stream;
    this.in = in.clear().limit(0);
    this.beforeWait = beforeWait;
  }

  /**
   * Moves on to the next request, whose payload, if it has one, comes next.
   *
   * @return false when the client has closed the connection between two requests
   * @throws ProtocolException when what comes is no request
   */
  boolean next() throws IOException {
    while (in.remaining() < Protocol.REQUEST_BYTES) {
      if (!fill()) {
        if (in.hasRemaining()) {
          throw new EOFException("the connection ended within a request");
        }
        return false;
      }
    }
    int magic = in.getInt();
    if (magic != Protocol.REQUEST_MAGIC) {
      throw new ProtocolException("wrong request magic 0x" + Integer.toHexString(magic));
    }
    flags = in.getShort() & 0xffff;
    type = in.getShort() & 0xffff;
    cookie = in.getLong();
    offset = in.getLong();
    count = in.getInt() & 0xffffffffL;
    return true;
  }

  /**
   * Whether the next request's header is here already. To be asked before this one's payload is
   * taken.
   */
  boolean more() {
    long payload = type == Protocol.CMD_WRITE ? count : 0;
    return in.remaining() - payload >= Protocol.REQUEST_BYTES;
  }

  int flags() {
    return flags;
  }

  int type() {
    return type;
  }

  long cookie() {
    return cookie;
  }

  long offset() {
    return offset;
  }

  long count() {
    return count;
  }

  /** Fills {@code dst} with payload. */
  void payload(ByteBuffer dst) throws IOException {
    int buffered = Math.min(in.remaining(), dst.remaining());
    dst.put(dst.position(), in, in.position(), buffered);
    dst.position(dst.position() + buffered);
    in.position(in.position() + buffered);
    if (dst.hasRemaining()) {
      beforeWait.run();
      stream.readFully(dst);
    }
  }

  /**
   * Hands the payload to a backend as it arrives, straight from the input buffer. When the backend
   * fails the payload is still taken off the stream to its end.
   *
   * @throws StoreFailedException when the backend failed
   * @throws IOException when the stream failed
   */
  void payload(Backend backend) throws IOException {
    long at = offset;
    long left = count;
    while (left > 0) {
      if (in.remaining() < left && in.remaining() < in.capacity() && !fillMore(left)) {
        throw new EOFException("the connection ended within a payload");
      }
      int end = in.limit();
      int piece = piece(at, left);
      int next = in.position() + piece;
      in.limit(next);
      try {
        backend.write(in, at);
      } catch (IOException | RuntimeException e) {
        in.limit(end).position(next);
        skip(left - piece);
        throw new StoreFailedException(e);
      }
      in.limit(end).position(next);
      at += piece;
      left -= piece;
    }
  }

  /**
   * How much is handed on: all that is here, but no part of a page unless the payload ends there.
   */
  private int piece(long at, long left) {
    if (left <= in.remaining()) {
      return (int) left;
    }
    int beyond = (int) ((at + in.remaining()) % PAGE);
    return in.remaining() > beyond ? in.remaining() - beyond : in.remaining();
  }

  /** Brings in more unless the rest of a large payload is better handed on in pieces. */
  private boolean fillMore(long wanted) throws IOException {
    int enough = (int) Math.min(wanted, in.capacity() / 2);
    while (in.remaining() < enough) {
      if (!fill()) {
        return false;
      }
    }
    return true;
  }

  /** Drops payload. */
  void skip(long bytes) throws IOException {
    long left = bytes;
    while (left > 0) {
      if (!in.hasRemaining() && !fill()) {
        throw new EOFException("the connection ended within a payload");
      }
      int piece = (int) Math.min(left, in.remaining());
      in.position(in.position() + piece);
      left -= piece;
    }
  }

  private boolean fill() throws IOException {
    beforeWait.run();
    if (in.hasRemaining()) {
      in.compact();
    } else {
      in.clear();
    }
    int got;
    try {
      got = stream.read(in);
    } finally {
      in.flip();
    }
    return got > 0;
  }

  /** The backend refused a payload; the stream is in step. */
  static final class StoreFailedException extends IOException {
    private static final long serialVersionUID = 1L;

    private final transient Exception reason;

    StoreFailedException(Exception reason) {
      super(reason);
      this.reason = reason;
    }

    /** What the backend threw. */
    Exception reason() {
      return reason;
    }
  }
}
