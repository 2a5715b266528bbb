package dev.godwit.webrtc;

import dev.godwit.wire.Printable;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** A message on the control channel, {@code docs/webrtc-framing.md} "Control channel". */
sealed interface ControlMessage {
  /** The label of the control channel. */
  String LABEL = "godwit";

  /** The first byte of each kind. */
  byte PING = 0x10;

  byte PONG = 0x11;
  byte GOODBYE = 0x12;

  /** Most bytes of a reason. */
  int MAX_REASON = 1024;

  /** Is the peer still there? */
  record Ping(long number) implements ControlMessage {}

  /** The answer, with the number of the question. */
  record Pong(long number) implements ControlMessage {}

  /** The sender closes the connection. */
  record Goodbye(String reason) implements ControlMessage {}

  /**
   * Reads a message.
   *
   * @throws FramingException when it is none
   */
  static ControlMessage parse(ByteBuffer message) throws FramingException {
    if (!message.hasRemaining()) {
      throw new FramingException("an empty control message");
    }
    byte type = message.get();
    return switch (type) {
      case PING -> new Ping(number(message));
      case PONG -> new Pong(number(message));
      case GOODBYE -> {
        if (message.remaining() > MAX_REASON) {
          throw new FramingException("a reason of " + message.remaining() + " bytes");
        }
        String reason = StandardCharsets.UTF_8.decode(message).toString();
        yield new Goodbye(Printable.text(reason));
      }
      default -> throw new FramingException("a control message of the unknown type " + type);
    };
  }

  private static long number(ByteBuffer message) throws FramingException {
    if (message.remaining() != Long.BYTES) {
      throw new FramingException("a control number of " + message.remaining() + " bytes");
    }
    return message.getLong();
  }

  /** Writes a message; a reason that is too long is cut. */
  static ByteBuffer encode(ControlMessage message) {
    return switch (message) {
      case Ping ping -> of(PING, ping.number());
      case Pong pong -> of(PONG, pong.number());
      case Goodbye goodbye -> {
        byte[] reason = goodbye.reason().getBytes(StandardCharsets.UTF_8);
        int length = Math.min(reason.length, MAX_REASON);
        yield ByteBuffer.allocate(1 + length).put(GOODBYE).put(reason, 0, length).flip();
      }
    };
  }

  private static ByteBuffer of(byte type, long number) {
    return ByteBuffer.allocate(1 + Long.BYTES).put(type).putLong(number).flip();
  }
}
