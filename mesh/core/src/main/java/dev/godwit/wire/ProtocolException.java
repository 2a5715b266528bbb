package dev.godwit.wire;

import java.io.IOException;

/** The peer sent something that the protocol does not allow. The stream is of no further use. */
public final class ProtocolException extends IOException {
  private static final long serialVersionUID = 1L;

  /** Says what was wrong, with the offending number. */
  public ProtocolException(String message) {
    super(message);
  }

  /** Says what was wrong, and what found it. */
  public ProtocolException(String message, Throwable cause) {
    super(message, cause);
  }
}
