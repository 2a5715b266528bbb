package dev.godwit.webrtc;

/** Which ways a connection may take. */
public enum IcePolicy {
  /** Any. */
  ALL,
  /** Only through a TURN server. */
  RELAY_ONLY
}
