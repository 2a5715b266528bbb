package dev.godwit.libc;

import java.io.IOException;

/** A block device cannot go because somebody uses it. */
public final class DeviceInUseException extends IOException {
  private static final long serialVersionUID = 1L;

  /** Says which device, and what to do. */
  public DeviceInUseException(String message) {
    super(message);
  }
}
