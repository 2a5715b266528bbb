package dev.godwit.node;

import java.io.IOException;

/** Something that a person should read: what happened, to what, why, and what to do next. */
public final class NodeException extends IOException {
  private static final long serialVersionUID = 1L;

  private final Kind kind;

  /** What sort of failure it is; decides the exit status of the command. */
  public enum Kind {
    /** It did not work. */
    FAILED,
    /** It was asked for in a way that makes no sense. */
    USAGE,
    /** Somebody does not allow it. */
    NOT_ALLOWED,
    /** Somebody cannot be reached. */
    UNREACHABLE,
    /** Data could not be saved. */
    NOT_SAVED,
    /** A person ended it before it was done. */
    STOPPED
  }

  /** A failure in one or two sentences. */
  public NodeException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  /** A failure in one or two sentences, and what is behind it. */
  public NodeException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  /** What sort of failure it is. */
  public Kind kind() {
    return kind;
  }
}
