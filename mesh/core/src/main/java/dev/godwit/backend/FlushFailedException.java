package dev.godwit.backend;

import java.io.IOException;

/**
 * A flush failed, so what was written may be lost, even if it can be read still. Asking again does
 * not help: what is flushed has to be opened anew, and what was lost to be written again.
 */
public final class FlushFailedException extends IOException {
  private static final long serialVersionUID = 1;

  private FlushFailedException(String message, IOException cause) {
    super(message, cause);
  }

  /** This flush failed. */
  static FlushFailedException of(String what, IOException cause) {
    return cause instanceof FlushFailedException known
        ? known
        : new FlushFailedException(what + " could not be made durable: " + reason(cause), cause);
  }

  /** One before failed. */
  static FlushFailedException before(String what, IOException first) {
    return new FlushFailedException(
        what
            + " could not be made durable before: "
            + reason(first)
            + ". What was written then may be lost, so it has to be opened anew",
        first);
  }

  private static String reason(IOException e) {
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }
}
