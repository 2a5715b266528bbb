package dev.godwit.log;

import java.io.IOException;
import java.nio.file.Path;

/**
 * An entry failed to become durable, and could not be taken back either: only the log, opened anew,
 * tells whether it is there. Until then nobody may act as if it were, or were not.
 */
public final class UndecidedLogException extends IOException {
  private static final long serialVersionUID = 1;

  /** The entry is there, or is not. */
  public UndecidedLogException(Path file, IOException cause) {
    super(
        "the disk failed while "
            + file
            + " was written ("
            + (cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage())
            + "), so what it says is known only after a restart",
        cause);
  }
}
