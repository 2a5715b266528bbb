package dev.godwit.session;

import dev.godwit.stream.BufferPool;
import dev.godwit.stream.PooledBuffer;
import dev.godwit.wire.Checksum;
import dev.godwit.wire.Compression;
import dev.godwit.wire.Encoding;
import dev.godwit.wire.FrameHeader;
import dev.godwit.wire.FrameWriter;
import java.nio.ByteBuffer;

/**
 * Decides how content travels: not at all when it is zero, compressed when the link is slower than
 * the compressor, as it is otherwise. Not thread-safe: one per thread that answers; those of one
 * stream share what they have learned of it.
 */
final class ContentEncoder {
  private static final ByteBuffer ZEROES = ByteBuffer.allocateDirect(1 << 20).asReadOnlyBuffer();

  private final Compression compression;
  private final BufferPool buffers;
  private final CompressionEstimate estimate;
  private final Checksum checksum = new Checksum();

  ContentEncoder(Compression compression, BufferPool buffers, CompressionEstimate estimate) {
    this.compression = compression;
    this.buffers = buffers;
    this.estimate = estimate;
  }

  /**
   * Sets the header's content fields for the content from {@link FrameWriter#HEADROOM} to the
   * buffer's limit, and returns the buffer to send; the given one is taken over.
   */
  PooledBuffer encode(FrameHeader header, PooledBuffer buffer) {
    ByteBuffer content = buffer.bytes().position(FrameWriter.HEADROOM);
    int length = content.remaining();
    if (isZero(content)) {
      header.content(Encoding.ZERO, 0, length, 0);
      content.limit(FrameWriter.HEADROOM);
      return buffer;
    }
    int sum = checksum.of(content);
    header.content(Encoding.RAW, length, length, sum);
    if (compression.equals(Compression.NONE) || length < 1024 || !estimate.worthTrying()) {
      return buffer;
    }
    PooledBuffer smaller = buffers.take();
    ByteBuffer dst =
        smaller.bytes().position(FrameWriter.HEADROOM).limit(FrameWriter.HEADROOM + length - 1);
    long start = System.nanoTime();
    boolean fitted = compression.compress(content, dst);
    long took = System.nanoTime() - start;
    content.position(FrameWriter.HEADROOM).limit(FrameWriter.HEADROOM + length);
    int compressed = fitted ? dst.position() - FrameWriter.HEADROOM : length;
    estimate.compressed(length, compressed, took);
    if (!fitted || compressed > length - length / 8) {
      smaller.close();
      return buffer;
    }
    buffer.close();
    dst.limit(FrameWriter.HEADROOM + compressed).position(FrameWriter.HEADROOM);
    header.content(Encoding.ZSTD, compressed, length, sum);
    return smaller;
  }

  /** Learns from a finished send: how many bytes the link took off us, in how long. */
  void sent(int bytes, long nanos) {
    estimate.sent(bytes, nanos);
  }

  private static boolean isZero(ByteBuffer content) {
    int length = content.remaining();
    if (length == 0 || content.get(content.position()) != 0) {
      return false;
    }
    return content.mismatch(ZEROES.duplicate().limit(Math.min(length, ZEROES.capacity()))) < 0;
  }
}
