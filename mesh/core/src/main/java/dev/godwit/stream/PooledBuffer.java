package dev.godwit.stream;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A direct buffer on loan from a {@link BufferPool}. It has one owner at a time; whoever owns it
 * closes it, once, and does not touch it afterwards. May be handed from thread to thread.
 */
public final class PooledBuffer implements AutoCloseable {
  private final BufferPool pool;
  private final ByteBuffer bytes;
  private final AtomicBoolean lent = new AtomicBoolean(true);

  PooledBuffer(BufferPool pool, ByteBuffer bytes) {
    this.pool = pool;
    this.bytes = bytes;
  }

  /** The buffer itself; position and limit are the owner's to set. */
  public ByteBuffer bytes() {
    return bytes;
  }

  void lend() {
    bytes.clear();
    lent.set(true);
  }

  /** Gives the buffer back. A second call does nothing. */
  @Override
  public void close() {
    if (lent.compareAndSet(true, false)) {
      pool.giveBack(this);
    }
  }
}
