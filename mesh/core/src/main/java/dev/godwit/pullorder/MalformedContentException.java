package dev.godwit.pullorder;

import java.io.IOException;

/**
 * A resource's content is not what its format demands, or asks for more than the limits of {@link
 * Probe} allow. What was found before stays valid.
 */
public final class MalformedContentException extends IOException {
  private static final long serialVersionUID = 1L;

  /** Says what is wrong, for people. */
  public MalformedContentException(String message) {
    super(message);
  }
}
