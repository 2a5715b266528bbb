package dev.godwit.stream;

import java.io.IOException;

/** The stream was abandoned by one of its sides; see {@link ByteStream#reset}. */
public final class StreamResetException extends IOException {
  private static final long serialVersionUID = 1L;

  private final int code;

  /**
   * @param code the code given to {@link ByteStream#reset}
   */
  public StreamResetException(int code) {
    super("stream reset with code " + code);
    this.code = code;
  }

  /** The code given to {@link ByteStream#reset}. */
  public int code() {
    return code;
  }
}
