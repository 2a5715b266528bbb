package dev.godwit.webrtc;

import java.nio.ByteBuffer;

/** A message on a stream's channel, {@code docs/webrtc-framing.md} "Streams". */
sealed interface StreamMessage {

  /** The first byte of each kind. */
  byte DATA = 0;

  byte FIN = 1;
  byte FIN_ACK = 2;
  byte STOP_SENDING = 3;
  byte RESET = 4;
  byte WINDOW = 5;

  /** Most bytes of a whole message. */
  int MAX_MESSAGE = 64 * 1024;

  /** Most bytes that a {@link Data} carries. */
  int MAX_PAYLOAD = MAX_MESSAGE - 1;

  /** The highest code of a reset. */
  int MAX_CODE = 1 << 30;

  /** The most that a window grows by at once. */
  int MAX_CREDIT = 1 << 30;

  /**
   * Bytes of the stream.
   *
   * @param payload valid until the message has been handled
   */
  record Data(ByteBuffer payload) implements StreamMessage {}

  /** The sender writes no more. */
  record Fin() implements StreamMessage {}

  /** The sender has received everything up to the end. */
  record FinAck() implements StreamMessage {}

  /** The sender wants to read no more, and to be reset with this code. */
  record StopSending(int code) implements StreamMessage {}

  /** The sender has abandoned the stream in both directions. */
  record Reset(int code) implements StreamMessage {}

  /** The sender can take so many more bytes. */
  record Window(int credit) implements StreamMessage {}

  /**
   * Reads a message; the payload of {@link Data} is a part of it.
   *
   * @throws FramingException when it is none
   */
  static StreamMessage parse(ByteBuffer message) throws FramingException {
    if (!message.hasRemaining()) {
      throw new FramingException("an empty message");
    }
    if (message.remaining() > MAX_MESSAGE) {
      throw new FramingException("a message of " + message.remaining() + " bytes");
    }
    byte type = message.get();
    return switch (type) {
      case DATA -> {
        if (!message.hasRemaining()) {
          throw new FramingException("data without bytes");
        }
        yield new Data(message);
      }
      case FIN -> alone(message, new Fin());
      case FIN_ACK -> alone(message, new FinAck());
      case STOP_SENDING -> new StopSending(number(message, 0, MAX_CODE));
      case RESET -> new Reset(number(message, 0, MAX_CODE));
      case WINDOW -> new Window(number(message, 1, MAX_CREDIT));
      default -> throw new FramingException("a message of the unknown type " + type);
    };
  }

  private static StreamMessage alone(ByteBuffer message, StreamMessage parsed)
      throws FramingException {
    if (message.hasRemaining()) {
      throw new FramingException("bytes after " + parsed);
    }
    return parsed;
  }

  private static int number(ByteBuffer message, int least, int most) throws FramingException {
    if (message.remaining() != Integer.BYTES) {
      throw new FramingException("a number of " + message.remaining() + " bytes");
    }
    int number = message.getInt();
    if (number < least || number > most) {
      throw new FramingException("the number " + Integer.toUnsignedString(number));
    }
    return number;
  }

  /** Writes a message other than {@link Data}. */
  static ByteBuffer encode(StreamMessage message) {
    return switch (message) {
      case Data data -> throw new IllegalArgumentException("data is written where it is");
      case Fin fin -> of(FIN);
      case FinAck ack -> of(FIN_ACK);
      case StopSending stop -> of(STOP_SENDING, stop.code());
      case Reset reset -> of(RESET, reset.code());
      case Window window -> of(WINDOW, window.credit());
    };
  }

  private static ByteBuffer of(byte type) {
    return ByteBuffer.allocate(1).put(type).flip();
  }

  private static ByteBuffer of(byte type, int number) {
    return ByteBuffer.allocate(1 + Integer.BYTES).put(type).putInt(number).flip();
  }
}
