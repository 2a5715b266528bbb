package dev.godwit.backend;

import java.io.IOException;

/** A call on a backend after its close. */
public final class BackendClosedException extends IOException {
  private static final long serialVersionUID = 1L;

  /** Says so. */
  public BackendClosedException() {
    super("the backend is closed");
  }
}
