package dev.godwit.webrtc.bridge;

/** How much of a channel's room a message takes while it waits in the WebRTC process. */
public final class BridgeCost {
  /** The room of one channel. It keeps the library's own buffer far below what it can bear. */
  public static final int ROOM = 3 << 20;

  private static final int PER_MESSAGE = 256;

  private BridgeCost() {}

  /** The cost of a message: its bytes, and something for being a message. */
  public static int of(int bytes) {
    return bytes + PER_MESSAGE;
  }
}
