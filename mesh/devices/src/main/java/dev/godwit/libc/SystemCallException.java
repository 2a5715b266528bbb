package dev.godwit.libc;

import java.io.IOException;

/** A system call that failed. */
public final class SystemCallException extends IOException {
  private static final long serialVersionUID = 1L;

  private final int error;

  /**
   * @param what what was attempted, to what
   * @param error the error number of {@code errno(3)}
   * @param text what the C library says about that number
   */
  public SystemCallException(String what, int error, String text) {
    super(what + ": " + text);
    this.error = error;
  }

  /** The error number of {@code errno(3)}. */
  public int error() {
    return error;
  }
}
