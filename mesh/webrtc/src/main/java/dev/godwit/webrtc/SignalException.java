package dev.godwit.webrtc;

import java.io.IOException;

/** What a peer says about a connection to be made is not acceptable. */
final class SignalException extends IOException {
  private static final long serialVersionUID = 1L;

  SignalException(String message) {
    super(message);
  }
}
