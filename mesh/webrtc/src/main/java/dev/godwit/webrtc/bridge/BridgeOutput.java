package dev.godwit.webrtc.bridge;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Writes frames at once, in the caller's thread. Thread-safe: its lock is what keeps frames whole,
 * and so it is held while one is written. The node, whose threads must not wait for that, has a
 * queue instead.
 */
public final class BridgeOutput {
  private final GatheringByteChannel to;
  private final ReentrantLock lock = new ReentrantLock();
  private final ByteBuffer header = ByteBuffer.allocateDirect(BridgeFrame.HEADER);

  /** Writes to a blocking channel. */
  public BridgeOutput(GatheringByteChannel to) {
    this.to = to;
  }

  /** Writes a frame whose body is what remains of {@code body}. */
  public void write(BridgeType type, int connection, int channel, ByteBuffer body)
      throws IOException {
    lock.lock();
    try {
      header.clear();
      new BridgeFrame(type, connection, channel, body.remaining()).put(header);
      ByteBuffer[] parts = {header.flip(), body};
      while (header.hasRemaining() || body.hasRemaining()) {
        to.write(parts);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Writes a frame whose body is a list of texts. */
  public void write(BridgeType type, int connection, int channel, String... fields)
      throws IOException {
    write(type, connection, channel, Fields.encode(fields));
  }
}
