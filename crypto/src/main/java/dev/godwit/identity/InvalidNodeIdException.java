package dev.godwit.identity;

/** A text or a string of bytes is not a node id; the message says where it is wrong. */
public final class InvalidNodeIdException extends IllegalArgumentException {

  /** The message is one or two sentences for a human. */
  public InvalidNodeIdException(String message) {
    super(message);
  }
}
