package dev.godwit.session;

/**
 * Whether compressing pays on a stream, learned from what was compressed and sent there. Lives as
 * long as the stream: an answer alone teaches nothing that it could use itself. Thread-safe.
 *
 * <p>Compressing pays when {@code min(compressor rate, link rate / ratio)} is above the link rate.
 * The link rate is what sending was held up to; on a link that never holds us up it looks endless,
 * and nothing is compressed. Every {@value #PROBE}th content is compressed to keep the estimate of
 * rate and ratio fresh.
 */
final class CompressionEstimate {
  private static final int PROBE = 32;
  private static final double WEIGHT = 0.2;

  /** Less says more of the call than of the link. */
  private static final int TELLING = 4096;

  private double linkBytesPerNano = Double.POSITIVE_INFINITY;
  private double compressBytesPerNano = 1;
  private double ratio = 0.5;
  private int count;

  /** Whether to compress the next content. */
  synchronized boolean worthTrying() {
    if (Double.isInfinite(linkBytesPerNano)) {
      return false;
    }
    boolean pays =
        Math.min(compressBytesPerNano, linkBytesPerNano / ratio) > 1.2 * linkBytesPerNano;
    return pays || count++ % PROBE == 0;
  }

  /** Learns from a content: how many bytes it had and has now, and how long that took. */
  synchronized void compressed(int length, int compressed, long nanos) {
    compressBytesPerNano += WEIGHT * ((double) length / Math.max(1, nanos) - compressBytesPerNano);
    ratio += WEIGHT * ((double) compressed / length - ratio);
  }

  /** Learns from a finished send: how many bytes the link took off us, in how long. */
  synchronized void sent(int bytes, long nanos) {
    if (bytes < TELLING) {
      return;
    }
    double rate = (double) bytes / Math.max(1, nanos);
    linkBytesPerNano =
        Double.isInfinite(linkBytesPerNano)
            ? rate
            : linkBytesPerNano + WEIGHT * (rate - linkBytesPerNano);
  }
}
