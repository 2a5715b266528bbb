package dev.godwit.nbd;

import dev.godwit.stream.BufferPool;
import dev.godwit.stream.PooledBuffer;

/** Pooled buffers in a few sizes, each with room for a reply's headers beside the data. */
final class BufferShelf {
  /** What a connection takes in, and sends out, at once, bytes. */
  static final int LOOP = 1 << 18;

  private final BufferPool[] pools = {
    new BufferPool((64 << 10) + ReplyComposer.OVERHEAD, 64),
    new BufferPool((1 << 20) + ReplyComposer.OVERHEAD, 16),
    new BufferPool((8 << 20) + ReplyComposer.OVERHEAD, 2),
    new BufferPool(BlockSizes.LARGEST + ReplyComposer.OVERHEAD, 1),
  };

  private final BufferPool loops = new BufferPool(LOOP, 16);

  /** Lends a buffer of {@link #LOOP} bytes for as long as a connection lasts. */
  PooledBuffer takeForLoop() {
    return loops.take();
  }

  /** Lends a buffer for {@code data} bytes, at most {@link BlockSizes#LARGEST}, and headers. */
  PooledBuffer take(int data) {
    for (BufferPool pool : pools) {
      if (data <= pool.capacity() - ReplyComposer.OVERHEAD) {
        return pool.take();
      }
    }
    throw new IllegalArgumentException("a buffer for " + data + " bytes");
  }
}
