package dev.godwit.stream;

/** What an exception of a transport means, in words for people. */
public final class Failures {
  private Failures() {}

  /**
   * The innermost reason, which is where a refused certificate says why; the name of the exception
   * when it has no message.
   */
  public static String text(Throwable cause) {
    Throwable reason = cause;
    for (Throwable inner = reason.getCause(); inner != null; inner = reason.getCause()) {
      reason = inner;
    }
    String message = reason.getMessage();
    return message == null ? reason.getClass().getSimpleName() : message;
  }
}
