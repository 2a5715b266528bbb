package dev.godwit.chunk;

import dev.godwit.backend.Backend;
import dev.godwit.stream.BufferPool;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Reads what is missing from its source without keeping it: a disk that is full is no reason to
 * fail whoever only reads. Thread-safe.
 */
final class ReadThrough {
  private final Backend local;
  private final ChunkGeometry geometry;
  private final BlockSet missing;
  private final BlockSource source;
  private final BufferPool buffers;

  /**
   * Reads without keeping anything.
   *
   * @param local has the other blocks
   * @param missing the blocks that only {@code source} has; changed by others
   * @param buffers each takes a block at least, and is the most that is asked for at once
   */
  ReadThrough(
      Backend local,
      ChunkGeometry geometry,
      BlockSet missing,
      BlockSource source,
      BufferPool buffers) {
    this.local = local;
    this.geometry = geometry;
    this.missing = missing;
    this.source = source;
    this.buffers = buffers;
  }

  /** Fills {@code dst} while the caller has claimed its blocks. */
  void read(ByteBuffer dst, long offset) throws IOException {
    int limit = dst.limit();
    long end = offset + dst.remaining();
    int endBlock = geometry.blockFrom(end);
    for (long at = offset; at < end; ) {
      int block = geometry.blockAt(at);
      boolean absent = missing.contains(block);
      int until = absent ? missing.nextAbsent(block + 1, endBlock) : missing.next(block, endBlock);
      until = Math.min(until < 0 ? endBlock : until, block + atOnce());
      int length = (int) (Math.min(end, geometry.blockOffset(until)) - at);
      if (absent) {
        fetch(dst, at, length, until);
      } else {
        local.read(dst.limit(dst.position() + length), at);
        dst.limit(limit);
      }
      at += length;
    }
  }

  private int atOnce() {
    return buffers.capacity() / geometry.blockSize();
  }

  private void fetch(ByteBuffer dst, long at, int length, int until) throws IOException {
    int block = geometry.blockAt(at);
    try (var buffer = buffers.take()) {
      ByteBuffer bytes = buffer.bytes().limit((int) geometry.bytes(block, until));
      source.fetch(bytes, geometry.blockOffset(block));
      int skip = (int) (at - geometry.blockOffset(block));
      dst.put(bytes.limit(skip + length).position(skip));
    }
  }
}
