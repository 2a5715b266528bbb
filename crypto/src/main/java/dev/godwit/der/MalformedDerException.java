package dev.godwit.der;

/** Bytes are not the DER structure that was expected; the message says what was. */
public final class MalformedDerException extends Exception {

  /** The message is a sentence for a human. */
  public MalformedDerException(String message) {
    super(message);
  }

  /** As above, with what the parser said. */
  public MalformedDerException(String message, Throwable cause) {
    super(message, cause);
  }
}
