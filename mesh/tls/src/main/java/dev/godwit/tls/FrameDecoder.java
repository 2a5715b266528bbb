package dev.godwit.tls;

import dev.godwit.stream.Connection.Urgency;
import dev.godwit.wire.Printable;
import dev.godwit.wire.ProtocolException;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Finds frames in bytes that come in pieces of any size. Keeps at most the header and the payload
 * of one small frame; bytes of streams are passed on as they come. For one thread.
 */
final class FrameDecoder {
  private final FrameSink sink;

  /** The header, and then the payload of a frame other than DATA. */
  private final ByteBuffer small = ByteBuffer.allocate(Frames.MAX_REASON);

  private @Nullable FrameType type;
  private int stream;

  /** Bytes of a DATA frame's payload that have not come yet. */
  private int left;

  FrameDecoder(FrameSink sink) {
    this.sink = sink;
    small.limit(Frames.HEADER);
  }

  /**
   * Reads all of {@code in}. After a failure nothing more may be given to this decoder.
   *
   * @throws ProtocolException when the peer sent what is not allowed
   */
  void decode(ByteBuf in) throws ProtocolException {
    while (in.isReadable()) {
      if (left > 0) {
        data(in);
      } else {
        collect(in);
        if (!small.hasRemaining()) {
          small.flip();
          next();
        }
      }
    }
  }

  private void data(ByteBuf in) throws ProtocolException {
    int count = Math.min(left, in.readableBytes());
    left -= count;
    sink.data(stream, in.readSlice(count));
  }

  private void collect(ByteBuf in) {
    int count = Math.min(small.remaining(), in.readableBytes());
    int limit = small.limit();
    small.limit(small.position() + count);
    in.readBytes(small);
    small.limit(limit);
  }

  private void next() throws ProtocolException {
    FrameType known = type;
    if (known == null) {
      header();
    } else {
      type = null;
      payload(known);
      small.clear().limit(Frames.HEADER);
    }
  }

  private void header() throws ProtocolException {
    int first = small.getInt();
    int code = first >>> 24;
    int length = first & 0xFFFFFF;
    stream = small.getInt();
    FrameType read = FrameType.of(code);
    if (read == null) {
      throw new ProtocolException("frame type " + code);
    }
    if (!read.allows(length)) {
      throw new ProtocolException(read + " of " + length + " bytes");
    }
    if (read.isAboutStream() ? stream <= 0 : stream != 0) {
      throw new ProtocolException(read + " of stream " + Integer.toUnsignedString(stream));
    }
    small.clear().limit(Frames.HEADER);
    if (read == FrameType.DATA) {
      left = length;
    } else if (length == 0) {
      small.flip();
      payload(read);
      small.clear().limit(Frames.HEADER);
    } else {
      type = read;
      small.limit(length);
    }
  }

  private void payload(FrameType read) throws ProtocolException {
    switch (read) {
      case OPEN -> sink.open(stream, urgency(small.get()));
      case DATA -> throw new IllegalStateException("bytes of a stream are not collected");
      case FIN -> sink.fin(stream);
      case RESET -> sink.reset(stream, code(small.getInt()));
      case WINDOW -> sink.window(stream, credit(small.getInt()));
      case GOODBYE -> sink.goodbye(Printable.text(StandardCharsets.UTF_8.decode(small).toString()));
      case PING -> sink.ping(small.getLong());
      case PONG -> sink.pong(small.getLong());
    }
  }

  private static Urgency urgency(byte code) throws ProtocolException {
    return switch (code) {
      case 0 -> Urgency.DEMAND;
      case 1 -> Urgency.BULK;
      default -> throw new ProtocolException("urgency " + code);
    };
  }

  private static int code(int code) throws ProtocolException {
    if (code < 0 || code > Frames.MAX_CODE) {
      throw new ProtocolException("reset code " + Integer.toUnsignedString(code));
    }
    return code;
  }

  private static int credit(int bytes) throws ProtocolException {
    if (bytes <= 0) {
      throw new ProtocolException("credit of " + Integer.toUnsignedString(bytes) + " bytes");
    }
    return bytes;
  }
}
