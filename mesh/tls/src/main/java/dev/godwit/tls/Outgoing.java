package dev.godwit.tls;

import dev.godwit.stream.PooledBuffer;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * Bytes on their way out, sent in parts that share their memory. The memory is given back when the
 * last part has left. Event loop only, once it was handed there.
 */
final class Outgoing {
  private final ByteBuf bytes;
  private final @Nullable PooledBuffer owner;

  /** One for what is not taken yet, and one for each part that has not left. */
  private int holds = 1;

  /**
   * @param bytes becomes the property of this
   * @param owner whose memory {@code bytes} is, to be closed at the end; null when it has its own
   */
  Outgoing(ByteBuf bytes, @Nullable PooledBuffer owner) {
    this.bytes = bytes;
    this.owner = owner;
  }

  int readable() {
    return bytes.readableBytes();
  }

  /** The next part, to be followed by {@link #left} when it is out of the way. */
  ByteBuf take(int count) {
    ByteBuf part = bytes.readRetainedSlice(count);
    holds++;
    if (!bytes.isReadable()) {
      discard();
    }
    return part;
  }

  /** A part has left. */
  void left() {
    letGo();
  }

  /** Nothing more will be taken; called by {@link #take} with the last part. */
  void discard() {
    bytes.release();
    letGo();
  }

  private void letGo() {
    if (--holds == 0 && owner != null) {
      owner.close();
    }
  }
}
