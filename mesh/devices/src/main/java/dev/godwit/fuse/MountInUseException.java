package dev.godwit.fuse;

import java.io.IOException;

/** The file cannot be unmounted because somebody uses it; it is mounted and served as before. */
public final class MountInUseException extends IOException {
  private static final long serialVersionUID = 1L;

  /** Says who uses what, and what to do. */
  public MountInUseException(String message) {
    super(message);
  }
}
