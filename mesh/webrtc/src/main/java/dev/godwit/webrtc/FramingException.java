package dev.godwit.webrtc;

import java.io.IOException;

/** The peer breaks the rules of {@code docs/webrtc-framing.md}. */
final class FramingException extends IOException {
  private static final long serialVersionUID = 1L;

  FramingException(String message) {
    super(message);
  }
}
