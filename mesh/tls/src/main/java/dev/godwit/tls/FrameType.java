package dev.godwit.tls;

import org.jspecify.annotations.Nullable;

/**
 * What a frame says. A frame is a header of {@value Frames#HEADER} bytes and a payload. All numbers
 * are big-endian: type (1 byte), length of the payload (3 bytes), stream id (4 bytes).
 *
 * <p>Who dialled opens the streams 1, 3, 5 and so on, the other side 2, 4, 6 and so on, without
 * leaving one out. Frames about a stream that has ended are ignored; those about one that was never
 * opened end the connection, as does everything else that is not allowed here.
 */
enum FrameType {
  /** Opens a stream. One byte: 0 for demand, 1 for bulk, which holds for both directions. */
  OPEN(1, 1, 1),
  /** Bytes of a stream, at least one. They use up as much of the stream's credit. */
  DATA(2, 1, Frames.MAX_DATA),
  /** The sender's direction ends here. Empty. */
  FIN(3, 0, 0),
  /** Both directions end at once. Four bytes: the code, 0 to 2^30. */
  RESET(4, 4, 4),
  /**
   * More credit for the receiver of this frame. Four bytes: how many bytes, at least one. A stream
   * begins with {@value ReceiveWindow#INITIAL} bytes of credit and never has more than 2^31-1.
   */
  WINDOW(5, 4, 4),
  /** The connection ends. The reason in UTF-8. Stream id 0. */
  GOODBYE(6, 0, Frames.MAX_REASON),
  /** Is to be answered by a PONG with the same eight bytes. Stream id 0. */
  PING(7, 8, 8),
  /** The answer to a PING. Nobody answers without being asked. Stream id 0. */
  PONG(8, 8, 8);

  private static final FrameType[] ALL = values();

  private final int code;
  private final int shortest;
  private final int longest;

  FrameType(int code, int shortest, int longest) {
    this.code = code;
    this.shortest = shortest;
    this.longest = longest;
  }

  /** The first byte of the header. */
  int code() {
    return code;
  }

  /** Whether a payload may have this many bytes. */
  boolean allows(int length) {
    return length >= shortest && length <= longest;
  }

  /** Whether it is about one stream, whose id is then positive. */
  boolean isAboutStream() {
    return code < GOODBYE.code;
  }

  /** The type with this code, or null. */
  static @Nullable FrameType of(int code) {
    return code >= 1 && code <= ALL.length ? ALL[code - 1] : null;
  }
}
