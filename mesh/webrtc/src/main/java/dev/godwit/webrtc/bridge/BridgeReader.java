package dev.godwit.webrtc.bridge;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;

/** Reads frames until the other process is gone. For one thread. */
public final class BridgeReader {
  private static final int CAPACITY = 4 * (BridgeFrame.HEADER + BridgeFrame.MAX_BODY);

  private final ReadableByteChannel from;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(CAPACITY);

  /** Reads from a blocking channel. */
  public BridgeReader(ReadableByteChannel from) {
    this.from = from;
  }

  /** Is told of every frame. */
  @FunctionalInterface
  public interface Handler {
    /**
     * Handles one frame. The body is direct, exactly as long as the frame says, and the reader's
     * again afterwards.
     */
    void frame(BridgeFrame frame, ByteBuffer body) throws IOException;
  }

  /**
   * Gives frames to {@code handler} until the end.
   *
   * @throws IOException when the channel fails, when what comes makes no sense, or from the handler
   */
  public void run(Handler handler) throws IOException {
    while (from.read(buffer) >= 0) {
      buffer.flip();
      while (buffer.remaining() >= BridgeFrame.HEADER) {
        int start = buffer.position();
        BridgeFrame frame = BridgeFrame.parse(buffer);
        if (buffer.remaining() < frame.length()) {
          buffer.position(start);
          break;
        }
        ByteBuffer body = buffer.slice(buffer.position(), frame.length());
        buffer.position(buffer.position() + frame.length());
        handler.frame(frame, body);
      }
      buffer.compact();
    }
  }
}
