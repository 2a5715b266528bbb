package dev.godwit.seal;

/** A sealed message or a sealing certificate is refused. */
public final class SealException extends Exception {

  /** Why it is refused. */
  public enum Reason {
    /** It can not be read. */
    MALFORMED,
    /** It is larger than {@link SealedBox#MAX_BODY_BYTES}. */
    TOO_LARGE,
    /** It was not sealed with this key, or it was changed. */
    CANNOT_OPEN,
    /** The node that it names did not sign it. */
    BAD_SIGNATURE,
    /** It is that of another node than expected. */
    OTHER_NODE,
    /** Its time is over. */
    EXPIRED
  }

  private final Reason reason;

  SealException(Reason reason, String sentence) {
    super(sentence);
    this.reason = reason;
  }

  SealException(Reason reason, String sentence, Throwable cause) {
    super(sentence, cause);
    this.reason = reason;
  }

  /** Why it is refused; the message says it to a human. */
  public Reason reason() {
    return reason;
  }
}
