package dev.godwit.webrtc.bridge;

import java.nio.ByteBuffer;

/**
 * The header of a frame: the length of its body, its type, and what it is about; four integers in
 * network order.
 *
 * @param type what it says
 * @param connection the peer connection, or 0
 * @param channel the data channel, or 0. Those that the node opens count up from 0, those that the
 *     peer opens down from -1
 * @param length of the body, bytes
 */
public record BridgeFrame(BridgeType type, int connection, int channel, int length) {
  /** Bytes of a header. */
  public static final int HEADER = 16;

  /** Bytes of the longest body, which is a message of 64 KiB. */
  public static final int MAX_BODY = 64 * 1024;

  /** Checks the length. */
  public BridgeFrame {
    if (length < 0 || length > MAX_BODY) {
      throw new IllegalArgumentException("a body of " + length + " bytes");
    }
  }

  /** Writes the header. */
  public void put(ByteBuffer to) {
    to.putInt(length).putInt(type.number()).putInt(connection).putInt(channel);
  }

  /**
   * Reads a header.
   *
   * @throws BridgeException when it is none
   */
  public static BridgeFrame parse(ByteBuffer from) throws BridgeException {
    int length = from.getInt();
    if (length < 0 || length > MAX_BODY) {
      throw new BridgeException("a frame of " + length + " bytes");
    }
    return new BridgeFrame(BridgeType.of(from.getInt()), from.getInt(), from.getInt(), length);
  }
}
