package dev.godwit.backend;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Sparse memory outside the heap: slabs of {@value #SLAB} bytes appear with the first write to them
 * and go when they are zeroed whole. A flush has nothing to do.
 */
public final class MemoryBackend implements Backend {
  /** Granularity of allocation, bytes. */
  static final int SLAB = 1 << 20;

  private static final ByteBuffer ZEROES = ByteBuffer.allocateDirect(SLAB).asReadOnlyBuffer();

  private final long size;
  private final AtomicReferenceArray<@Nullable ByteBuffer> slabs;
  private volatile boolean closed;

  /**
   * @param size bytes, 0 to 2^51
   */
  public MemoryBackend(long size) {
    if (size < 0 || size > (long) SLAB * Integer.MAX_VALUE) {
      throw new IllegalArgumentException("size " + size);
    }
    this.size = size;
    this.slabs = new AtomicReferenceArray<>((int) ((size + SLAB - 1) / SLAB));
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public void read(ByteBuffer dst, long offset) throws IOException {
    check(offset, dst.remaining());
    while (dst.hasRemaining()) {
      int within = (int) (offset % SLAB);
      int count = Math.min(dst.remaining(), SLAB - within);
      @Nullable ByteBuffer slab = slabs.get((int) (offset / SLAB));
      dst.put(dst.position(), slab == null ? ZEROES : slab, slab == null ? 0 : within, count);
      dst.position(dst.position() + count);
      offset += count;
    }
  }

  @Override
  public void write(ByteBuffer src, long offset) throws IOException {
    check(offset, src.remaining());
    while (src.hasRemaining()) {
      int within = (int) (offset % SLAB);
      int count = Math.min(src.remaining(), SLAB - within);
      slab((int) (offset / SLAB)).put(within, src, src.position(), count);
      src.position(src.position() + count);
      offset += count;
    }
  }

  private ByteBuffer slab(int index) {
    @Nullable ByteBuffer slab = slabs.get(index);
    if (slab != null) {
      return slab;
    }
    // Native memory that the collector frees once nobody refers to the slab any more: a reader that
    // still copies from a slab dropped by zero() stays safe.
    ByteBuffer fresh = Arena.ofAuto().allocate(SLAB, 4096).asByteBuffer();
    @Nullable ByteBuffer other = slabs.compareAndExchange(index, null, fresh);
    return other == null ? fresh : other;
  }

  @Override
  public void flush() throws IOException {
    check(0, 0);
  }

  @Override
  public void zero(long offset, long length, Holes holes) throws IOException {
    check(offset, length);
    long end = offset + length;
    while (offset < end) {
      int index = (int) (offset / SLAB);
      int within = (int) (offset % SLAB);
      int count = (int) Math.min(end - offset, SLAB - within);
      @Nullable ByteBuffer slab = slabs.get(index);
      if (holes == Holes.ALLOWED && (count == SLAB || (offset + count == size && within == 0))) {
        slabs.set(index, null);
      } else if (slab != null) {
        slab.put(within, ZEROES, 0, count);
      } else if (holes == Holes.FORBIDDEN) {
        var _ = slab(index);
      }
      offset += count;
    }
  }

  @Override
  public void extents(long offset, long length, ExtentVisitor visitor) throws IOException {
    check(offset, length);
    long end = offset + length;
    while (offset < end) {
      boolean data = slabs.get((int) (offset / SLAB)) != null;
      long start = offset;
      do {
        offset = Math.min(end, (offset / SLAB + 1) * SLAB);
      } while (offset < end && (slabs.get((int) (offset / SLAB)) != null) == data);
      visitor.visit(start, offset - start, data ? Extent.Kind.DATA : Extent.Kind.HOLE);
    }
  }

  @Override
  public Latency latency() {
    return Latency.MEMORY;
  }

  @Override
  public void close() {
    closed = true;
    for (int i = 0; i < slabs.length(); i++) {
      slabs.set(i, null);
    }
  }

  private void check(long offset, long length) throws IOException {
    if (closed) {
      throw new BackendClosedException();
    }
    OutOfRangeException.check(offset, length, size);
  }
}
