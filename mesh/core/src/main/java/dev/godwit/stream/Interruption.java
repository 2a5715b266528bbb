package dev.godwit.stream;

import java.io.InterruptedIOException;

/** What becomes of an interrupt where only an {@link java.io.IOException} can be thrown. */
public final class Interruption {
  private Interruption() {}

  /**
   * Interrupts the calling thread again, so that its callers see it too, and returns what to throw.
   *
   * @param text what was interrupted, in words for people
   */
  public static InterruptedIOException passedOn(String text, InterruptedException cause) {
    Thread.currentThread().interrupt();
    var interrupted = new InterruptedIOException(text);
    interrupted.initCause(cause);
    return interrupted;
  }
}
