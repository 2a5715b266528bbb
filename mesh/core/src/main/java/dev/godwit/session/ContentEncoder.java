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
 * the compressor, as it is otherwise. Not thread-safe; one per stream.
 *
 * <p>Compressing pays when {@code min(compressor rate, link rate / ratio)} is above the link rate.
 * The link rate is what sending was held up to; on a link that never holds us up it looks endless,
 * and nothing is compressed. Every {@value #PROBE}th content is compressed to keep the estimate of
 * rate and ratio fresh.
 */
final class ContentEncoder {
  private static final int PROBE = 32;
  private static final ByteBuffer ZEROES = ByteBuffer.allocateDirect(1 << 20).asReadOnlyBuffer();
  private static final double WEIGHT = 0.2;

  private final Compression compression;
  private final BufferPool buffers;
  private final Checksum checksum = new Checksum();
  private double linkBytesPerNano = Double.POSITIVE_INFINITY;
  private double compressBytesPerNano = 1;
  private double ratio = 0.5;
  private int count;

  ContentEncoder(Compression compression, BufferPool buffers) {
    this.compression = compression;
    this.buffers = buffers;
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
    if (compression.equals(Compression.NONE) || length < 1024 || !worthTrying()) {
      return buffer;
    }
    PooledBuffer smaller = buffers.take();
    ByteBuffer dst =
        smaller.bytes().position(FrameWriter.HEADROOM).limit(FrameWriter.HEADROOM + length - 1);
    long start = System.nanoTime();
    boolean fitted = compression.compress(content, dst);
    long took = Math.max(1, System.nanoTime() - start);
    content.position(FrameWriter.HEADROOM).limit(FrameWriter.HEADROOM + length);
    int compressed = fitted ? dst.position() - FrameWriter.HEADROOM : length;
    compressBytesPerNano += WEIGHT * ((double) length / took - compressBytesPerNano);
    ratio += WEIGHT * ((double) compressed / length - ratio);
    if (!fitted || compressed > length - length / 8) {
      smaller.close();
      return buffer;
    }
    buffer.close();
    dst.limit(FrameWriter.HEADROOM + compressed).position(FrameWriter.HEADROOM);
    header.content(Encoding.ZSTD, compressed, length, sum);
    return smaller;
  }

  private boolean worthTrying() {
    if (Double.isInfinite(linkBytesPerNano)) {
      return false;
    }
    boolean pays =
        Math.min(compressBytesPerNano, linkBytesPerNano / ratio) > 1.2 * linkBytesPerNano;
    return pays || count++ % PROBE == 0;
  }

  /** Learns from a finished send: how many bytes it took off us, in how long. */
  void sent(int bytes, long nanos) {
    if (bytes < 4096) {
      return;
    }
    double rate = (double) bytes / Math.max(1, nanos);
    linkBytesPerNano =
        Double.isInfinite(linkBytesPerNano)
            ? rate
            : linkBytesPerNano + WEIGHT * (rate - linkBytesPerNano);
  }

  private static boolean isZero(ByteBuffer content) {
    int length = content.remaining();
    if (length == 0 || content.get(content.position()) != 0) {
      return false;
    }
    return content.mismatch(ZEROES.duplicate().limit(Math.min(length, ZEROES.capacity()))) < 0;
  }
}
