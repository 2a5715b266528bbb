package dev.godwit.log;

import java.io.IOException;
import java.nio.file.Path;

/** A log has bytes that no crash can have left there. */
public final class DamagedLogException extends IOException {
  private static final long serialVersionUID = 1L;

  /** Names the file, and the byte where the damaged entry begins. */
  public DamagedLogException(Path file, long at) {
    super("the journal " + file + " is damaged at byte " + at);
  }
}
