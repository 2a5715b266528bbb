package dev.godwit.webrtc.bridge;

import java.io.IOException;

/** What came over the bridge makes no sense. */
public final class BridgeException extends IOException {
  private static final long serialVersionUID = 1L;

  /** Says what is wrong. */
  public BridgeException(String message) {
    super(message);
  }
}
