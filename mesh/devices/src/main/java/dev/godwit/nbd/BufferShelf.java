package dev.godwit.nbd;

import dev.godwit.stream.BufferPool;
import dev.godwit.stream.PooledBuffer;

/** Pooled buffers in a few sizes, each with room for a reply's headers beside the data. */
final class BufferShelf {
  /** What a connection takes in, and sends out, at once, bytes. */
  static final int LOOP = 1 << 18;

  private final BufferPool[] pools = {
    pool(4 << 10, 256),
    pool(64 << 10, 64),
    pool(256 << 10, 32),
    pool(1 << 20, 16),
    pool(8 << 20, 2),
    pool(BlockSizes.LARGEST, 1),
  };

  private final BufferPool loops = new BufferPool(LOOP, 16);

  /** Lends a buffer of {@link #LOOP} bytes for as long as a connection lasts. */
  PooledBuffer takeForLoop() {
    return loops.take();
  }

  private static BufferPool pool(int data, int keep) {
    return new BufferPool(data + ReplyComposer.OVERHEAD, keep);
  }

  /** Lends a buffer for {@code data} bytes, at most {@link BlockSizes#LARGEST}, and headers. */
  PooledBuffer take(int data) {
    return poolFor(data).take();
  }

  /** What {@link #take} takes out of the memory for that many bytes of data. */
  int cost(int data) {
    return poolFor(data).capacity();
  }

  private BufferPool poolFor(int data) {
    for (BufferPool pool : pools) {
      if (data <= pool.capacity() - ReplyComposer.OVERHEAD) {
        return pool;
      }
    }
    throw new IllegalArgumentException("a buffer for " + data + " bytes");
  }
}
