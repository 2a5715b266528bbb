package dev.godwit.session;

import java.io.IOException;
import java.time.Duration;

/** No answer came in time. The request may or may not have been carried out. */
public final class RequestTimeoutException extends IOException {
  private static final long serialVersionUID = 1L;

  /** Names the operation and how long was waited. */
  public RequestTimeoutException(byte operation, Duration waited, SessionState state) {
    super(
        "no answer to operation "
            + operation
            + " within "
            + waited.toMillis()
            + " ms; the session is "
            + describe(state));
  }

  private static String describe(SessionState state) {
    return switch (state) {
      case SessionState.Connected c -> "connected over " + c.path();
      case SessionState.Paused _ -> "paused";
      case SessionState.Recovering r -> "recovering (" + r.cause() + ")";
      case SessionState.Closed c -> "closed (" + c.reason() + ")";
    };
  }
}
