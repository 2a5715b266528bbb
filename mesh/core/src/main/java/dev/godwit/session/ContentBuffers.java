package dev.godwit.session;

import dev.godwit.stream.BufferPool;
import dev.godwit.stream.PooledBuffer;
import dev.godwit.wire.Limits;
import java.util.List;

/**
 * Buffers of three sizes, so that a content of medium length does not hold the largest there is.
 */
final class ContentBuffers implements RequestContent.Lender {
  private final List<BufferPool> bySize =
      List.of(
          new BufferPool(Limits.STANDARD.content() / 16, 64),
          new BufferPool(Limits.STANDARD.content() / 4, 16),
          new BufferPool(Limits.STANDARD.content(), 16));

  @Override
  public int size(int length) {
    return pool(length).capacity();
  }

  @Override
  public PooledBuffer lend(int length) {
    return pool(length).take();
  }

  private BufferPool pool(int length) {
    for (BufferPool pool : bySize) {
      if (length <= pool.capacity()) {
        return pool;
      }
    }
    throw new IllegalArgumentException("a content of " + length + " bytes");
  }
}
