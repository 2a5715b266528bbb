package dev.godwit.membership;

/** A text or a string of bytes is not a mesh id; the message says where it is wrong. */
public final class InvalidMeshIdException extends IllegalArgumentException {

  /** The message is one or two sentences for a human. */
  public InvalidMeshIdException(String message) {
    super(message);
  }
}
