package dev.godwit.cli;

import dev.godwit.node.NodeException;

/** What the command's exit status says; {@code docs/cli.md} "Exit status". */
public enum ExitStatus {
  /** Done. */
  DONE(0),
  /** It did not work. */
  FAILED(1),
  /** The command line makes no sense. */
  USAGE(2),
  /** Somebody does not allow it. */
  NOT_ALLOWED(3),
  /** Somebody cannot be reached. */
  UNREACHABLE(4),
  /** Data was not saved. */
  NOT_SAVED(5),
  /** Ended by Ctrl-C or a signal before it was done. */
  INTERRUPTED(130);

  private final int code;

  ExitStatus(int code) {
    this.code = code;
  }

  /** The number. */
  public int code() {
    return code;
  }

  /** The status for a failure. */
  public static ExitStatus of(Throwable failure) {
    if (failure instanceof NodeException known) {
      return switch (known.kind()) {
        case FAILED -> FAILED;
        case USAGE -> USAGE;
        case NOT_ALLOWED -> NOT_ALLOWED;
        case UNREACHABLE -> UNREACHABLE;
        case NOT_SAVED -> NOT_SAVED;
        case STOPPED -> INTERRUPTED;
      };
    }
    return FAILED;
  }
}
