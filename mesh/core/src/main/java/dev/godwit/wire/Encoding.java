package dev.godwit.wire;

/** How a frame's content is put on the wire. */
public enum Encoding {
  /** As it is. */
  RAW(0),
  /** All zero; nothing is sent. */
  ZERO(1),
  /** One Zstandard frame (RFC 8878). */
  ZSTD(2);

  private final byte code;

  Encoding(int code) {
    this.code = (byte) code;
  }

  /** The byte on the wire. */
  public byte code() {
    return code;
  }

  /**
   * The encoding of a byte.
   *
   * @throws ProtocolException for a byte that is none
   */
  public static Encoding of(byte code) throws ProtocolException {
    return switch (code) {
      case 0 -> RAW;
      case 1 -> ZERO;
      case 2 -> ZSTD;
      default -> throw new ProtocolException("unknown encoding " + code);
    };
  }
}
