package dev.godwit.session;

import java.io.IOException;

/** The session is over, so the request was not, or no longer, carried out. */
public final class SessionClosedException extends IOException {
  private static final long serialVersionUID = 1L;

  /** Why it is over. */
  public SessionClosedException(String reason) {
    super(reason);
  }
}
