package dev.godwit.migration;

import java.io.IOException;

/** A state must not be handed over now; the message says why. */
public final class UnfitForHandoverException extends IOException {
  private static final long serialVersionUID = 1L;

  /** Says what is wrong with it, and what to do. */
  public UnfitForHandoverException(String message) {
    super(message);
  }

  /** As the other one, of something that was found out by a failure. */
  public UnfitForHandoverException(String message, IOException cause) {
    super(message, cause);
  }
}
