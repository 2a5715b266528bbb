package dev.godwit.tls;

import dev.godwit.stream.Connection.Urgency;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.charset.StandardCharsets;

/** Writes the frames of {@link FrameType}. */
final class Frames {
  /** Bytes before the payload. */
  static final int HEADER = 8;

  /** Most bytes in one DATA frame: with its header it fills four TLS records exactly. */
  static final int MAX_DATA = 64 * 1024 - HEADER;

  /** Most bytes of a reason. */
  static final int MAX_REASON = 200;

  /** The highest reset code. */
  static final int MAX_CODE = 1 << 30;

  private Frames() {}

  private static ByteBuf frame(ByteBufAllocator alloc, FrameType type, int stream, int length) {
    return alloc
        .directBuffer(HEADER + length)
        .writeInt(type.code() << 24 | length)
        .writeInt(stream);
  }

  static ByteBuf open(ByteBufAllocator alloc, int stream, Urgency urgency) {
    return frame(alloc, FrameType.OPEN, stream, 1).writeByte(urgency == Urgency.DEMAND ? 0 : 1);
  }

  /** The header alone; {@code length} bytes follow it. */
  static ByteBuf data(ByteBufAllocator alloc, int stream, int length) {
    return alloc
        .directBuffer(HEADER)
        .writeInt(FrameType.DATA.code() << 24 | length)
        .writeInt(stream);
  }

  static ByteBuf fin(ByteBufAllocator alloc, int stream) {
    return frame(alloc, FrameType.FIN, stream, 0);
  }

  static ByteBuf reset(ByteBufAllocator alloc, int stream, int code) {
    return frame(alloc, FrameType.RESET, stream, 4).writeInt(code);
  }

  static ByteBuf window(ByteBufAllocator alloc, int stream, int bytes) {
    return frame(alloc, FrameType.WINDOW, stream, 4).writeInt(bytes);
  }

  static ByteBuf goodbye(ByteBufAllocator alloc, String reason) {
    byte[] text = reason.getBytes(StandardCharsets.UTF_8);
    int length = Math.min(text.length, MAX_REASON);
    return frame(alloc, FrameType.GOODBYE, 0, length).writeBytes(text, 0, length);
  }

  static ByteBuf ping(ByteBufAllocator alloc, long token) {
    return frame(alloc, FrameType.PING, 0, 8).writeLong(token);
  }

  static ByteBuf pong(ByteBufAllocator alloc, long token) {
    return frame(alloc, FrameType.PONG, 0, 8).writeLong(token);
  }
}
