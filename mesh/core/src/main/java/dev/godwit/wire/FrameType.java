package dev.godwit.wire;

/** What a frame is; the first byte of its header. */
public enum FrameType {
  /** Greets the peer; once in each direction of a connection. */
  HELLO(1),
  /** Says what a stream is for; first on it. */
  OPEN(2),
  /** Asks for something. */
  REQUEST(3),
  /** Answers a request. */
  REPLY(4),
  /** Says why a request, a stream or a greeting was refused. */
  FAILURE(5);

  private final byte code;

  FrameType(int code) {
    this.code = (byte) code;
  }

  /** The byte on the wire. */
  public byte code() {
    return code;
  }

  /**
   * The type of a byte.
   *
   * @throws ProtocolException for a byte that is none
   */
  public static FrameType of(byte code) throws ProtocolException {
    return switch (code) {
      case 1 -> HELLO;
      case 2 -> OPEN;
      case 3 -> REQUEST;
      case 4 -> REPLY;
      case 5 -> FAILURE;
      default -> throw new ProtocolException("unknown frame type " + code);
    };
  }
}
