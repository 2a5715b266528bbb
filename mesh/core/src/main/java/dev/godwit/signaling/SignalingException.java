package dev.godwit.signaling;

import java.io.IOException;

/** A node could not be asked, or did not answer. */
public final class SignalingException extends IOException {

  /** What kind of trouble it is. */
  public enum Reason {
    /** The node is not logged in at the hub. */
    NOT_PRESENT,
    /** The hub presented a key that is not the node's. */
    FORGED,
    /** The node got the request and has nothing to say to it. */
    NO_ANSWER,
    /** There was no answer in time. */
    TIMEOUT,
    /** The request cannot be sealed. */
    UNSENDABLE,
    /** This side was closed. */
    CLOSED
  }

  private final Reason reason;

  SignalingException(Reason reason, String sentence) {
    super(sentence);
    this.reason = reason;
  }

  SignalingException(Reason reason, String sentence, Throwable cause) {
    super(sentence, cause);
    this.reason = reason;
  }

  /** What kind of trouble it is; the message says it to a human. */
  public Reason reason() {
    return reason;
  }
}
