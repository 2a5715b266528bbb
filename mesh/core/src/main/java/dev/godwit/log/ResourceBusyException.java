package dev.godwit.log;

import java.io.IOException;
import java.nio.file.Path;

/** Another process works with the resource. */
public final class ResourceBusyException extends IOException {
  private static final long serialVersionUID = 1L;

  /** Names the file that is in use. */
  public ResourceBusyException(Path file) {
    super("another godwit process uses " + file);
  }
}
