package dev.godwit.stream;

import java.nio.ByteBuffer;
import java.util.concurrent.ArrayBlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * Direct buffers of one size, kept for reuse so that the data path does not allocate. Never blocks:
 * when all kept buffers are lent a new one is made, and when the pool is full a returned one is
 * left to the collector. Callers bound what they lend by bounding bytes in flight. Thread-safe.
 */
public final class BufferPool {
  private final int capacity;
  private final ArrayBlockingQueue<PooledBuffer> kept;

  /**
   * @param capacity size of each buffer, bytes, positive
   * @param keep how many idle buffers to keep, positive
   */
  public BufferPool(int capacity, int keep) {
    if (capacity <= 0) {
      throw new IllegalArgumentException("capacity " + capacity);
    }
    this.capacity = capacity;
    this.kept = new ArrayBlockingQueue<>(keep);
  }

  /** Size of each buffer in bytes. */
  public int capacity() {
    return capacity;
  }

  /** Lends an empty buffer: position 0, limit at its capacity. */
  public PooledBuffer take() {
    @Nullable PooledBuffer buffer = kept.poll();
    if (buffer == null) {
      return new PooledBuffer(this, ByteBuffer.allocateDirect(capacity));
    }
    buffer.lend();
    return buffer;
  }

  void giveBack(PooledBuffer buffer) {
    var _ = kept.offer(buffer);
  }
}
