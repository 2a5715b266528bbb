package dev.godwit.nbd;

import java.io.IOException;

/** An NBD request that was answered with an error; the connection stays usable. */
public final class NbdException extends IOException {
  private static final long serialVersionUID = 1L;

  private final NbdError error;

  /**
   * @param error the number in the reply
   * @param message what was asked for and what the server said
   */
  public NbdException(NbdError error, String message) {
    super(message);
    this.error = error;
  }

  /** The number in the reply. */
  public NbdError error() {
    return error;
  }
}
