package dev.godwit.pull;

import dev.godwit.backend.Backend;
import dev.godwit.backend.Extent;
import dev.godwit.backend.OutOfRangeException;
import dev.godwit.chunk.BlockRuns;
import dev.godwit.chunk.ChunkGeometry;
import dev.godwit.session.Call;
import dev.godwit.stream.PooledBuffer;
import dev.godwit.wire.ProtocolException;
import dev.godwit.wire.proto.ExtentsReply;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers what others ask of a resource's bytes: reads, and where its data lies. Who may ask is
 * decided before. Thread-safe.
 */
public final class RangeService {
  private static final Logger LOG = LoggerFactory.getLogger(RangeService.class);

  private final Backend store;
  private final ChunkGeometry geometry;

  /** Answers with what is in {@code store}. */
  public RangeService(Backend store, ChunkGeometry geometry) {
    this.store = store;
    this.geometry = geometry;
  }

  /**
   * Answers a {@link RangeRead}.
   *
   * @throws ProtocolException when it makes no sense
   * @throws IOException when the store cannot be read
   */
  public void read(Call call) throws IOException {
    ByteBuffer ranges = call.content();
    int count = ranges.remaining() / RangeRead.RANGE_BYTES;
    if (count == 0
        || count > RangeRead.MAX_RANGES
        || ranges.remaining() % RangeRead.RANGE_BYTES != 0) {
      throw new ProtocolException("a read of " + ranges.remaining() + " bytes of ranges");
    }
    PooledBuffer buffer = call.buffer();
    try {
      ByteBuffer bytes = buffer.bytes();
      int end = bytes.limit();
      while (ranges.hasRemaining()) {
        long offset = ranges.getLong();
        int length = ranges.getInt();
        OutOfRangeException.check(offset, length, geometry.size());
        if (length > end - bytes.position()) {
          throw new ProtocolException("a read of more than a frame's content");
        }
        bytes.limit(bytes.position() + length);
        store.read(bytes, offset);
      }
      bytes.limit(end);
    } catch (IOException e) {
      buffer.close();
      throw e;
    }
    call.reply(null, buffer);
  }

  /**
   * Answers with the blocks that may hold something other than zeroes, as many as fit.
   *
   * @param from the first block that is asked about
   * @throws ProtocolException when there is no such block
   * @throws IOException when the store cannot tell
   */
  public void extents(Call call, int from) throws IOException {
    if (from < 0 || from >= geometry.blocks()) {
      throw new ProtocolException("extents from block " + Integer.toUnsignedString(from));
    }
    PooledBuffer buffer = call.buffer();
    int next;
    try {
      next = encodeExtents(buffer.bytes(), from);
    } catch (IOException e) {
      buffer.close();
      throw e;
    }
    call.reply(ExtentsReply.newBuilder().setNextBlock(next).build(), buffer);
  }

  private int encodeExtents(ByteBuffer dst, int from) throws IOException {
    long start = geometry.blockOffset(from);
    BlockRuns runs = new BlockRuns();
    int most = dst.remaining() / BlockRuns.MAX_RUN_BYTES - 1;
    int[] reached = {from};
    try {
      store.extents(
          start,
          geometry.size() - start,
          (offset, length, kind) -> {
            if (runs.size() >= most) {
              throw new PageFullException();
            }
            int end = geometry.blockFrom(offset + length);
            if (kind == Extent.Kind.DATA) {
              runs.add(Math.max(reached[0], geometry.blockAt(offset)), Math.max(reached[0], end));
              reached[0] = Math.max(reached[0], end);
            } else {
              reached[0] = Math.max(reached[0], geometry.blockAt(offset + length));
            }
          });
      reached[0] = geometry.blocks();
    } catch (PageFullException e) {
      LOG.trace("a page of extents ends at block {}", reached[0], e);
    }
    runs.encode(dst, 0);
    return reached[0];
  }

  private static final class PageFullException extends IOException {
    private static final long serialVersionUID = 1L;
  }

  /**
   * Bytes that are not in holes, now.
   *
   * @throws IOException when the store cannot tell
   */
  public long dataBytes() throws IOException {
    long[] data = {0};
    store.extents(
        0,
        geometry.size(),
        (offset, length, kind) -> {
          if (kind == Extent.Kind.DATA) {
            data[0] += length;
          }
        });
    return data[0];
  }
}
