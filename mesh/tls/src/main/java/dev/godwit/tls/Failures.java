package dev.godwit.tls;

/** What an exception of Netty means, in words. */
final class Failures {
  private Failures() {}

  /** The innermost reason, which is where a refused certificate says why. */
  static String text(Throwable cause) {
    Throwable reason = cause;
    for (Throwable inner = reason.getCause(); inner != null; inner = reason.getCause()) {
      reason = inner;
    }
    String message = reason.getMessage();
    return message == null ? reason.getClass().getSimpleName() : message;
  }
}
