package dev.godwit.stream;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Direct buffers of one size, kept for reuse so that the data path does not allocate. Never blocks:
 * when all kept buffers are lent a new one is made, and when the pool is full a returned one is
 * left to the collector. Callers bound what they lend by bounding bytes in flight. Thread-safe.
 */
public final class BufferPool {
  private final int capacity;
  private final int keep;

  /** The last one returned is lent first: it is the one that the processor's caches still hold. */
  private final Deque<PooledBuffer> kept = new ArrayDeque<>();

  /**
   * @param capacity size of each buffer, bytes, positive
   * @param keep how many idle buffers to keep, positive
   */
  public BufferPool(int capacity, int keep) {
    if (capacity <= 0 || keep <= 0) {
      throw new IllegalArgumentException("capacity " + capacity + ", keep " + keep);
    }
    this.capacity = capacity;
    this.keep = keep;
  }

  /** Size of each buffer in bytes. */
  public int capacity() {
    return capacity;
  }

  /** Lends an empty buffer: position 0, limit at its capacity. */
  public PooledBuffer take() {
    @Nullable PooledBuffer buffer;
    synchronized (kept) {
      buffer = kept.poll();
    }
    if (buffer == null) {
      return new PooledBuffer(this, ByteBuffer.allocateDirect(capacity));
    }
    buffer.lend();
    return buffer;
  }

  void giveBack(PooledBuffer buffer) {
    synchronized (kept) {
      if (kept.size() < keep) {
        kept.push(buffer);
      }
    }
  }
}
