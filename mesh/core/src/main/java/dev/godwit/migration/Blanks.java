package dev.godwit.migration;

import dev.godwit.backend.Backend;
import dev.godwit.backend.Extent;
import dev.godwit.chunk.BlockRuns;
import dev.godwit.chunk.ChunkGeometry;
import java.io.IOException;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Wipes a copy where the original has nothing, which is never sent. A file that was just made is
 * all holes and costs nothing; a disk, or what an earlier attempt has left, is overwritten.
 */
final class Blanks {
  /** What a slow disk does in seconds. */
  private static final long PIECE = 64 << 20;

  private static final Duration BREAK = Duration.ofSeconds(2);

  private final Backend store;
  private final ChunkGeometry geometry;
  private final LongSupplier nanos;
  private final Step between;
  private long told;

  /** What is done between two pieces. */
  @FunctionalInterface
  interface Step {
    /** Throws to end the work. */
    void run() throws IOException;
  }

  /**
   * Prepares the work.
   *
   * @param nanos a steady clock
   * @param between called when two seconds have passed, so that nobody thinks that we are gone
   */
  Blanks(Backend store, ChunkGeometry geometry, LongSupplier nanos, Step between) {
    this.store = store;
    this.geometry = geometry;
    this.nanos = nanos;
    this.between = between;
    this.told = nanos.getAsLong();
  }

  /**
   * Wipes everything but some blocks.
   *
   * @param data in ascending order
   */
  void around(BlockRuns data) throws IOException {
    int from = 0;
    for (int i = 0; i < data.size(); i++) {
      wipe(from, data.from(i));
      from = data.to(i);
    }
    wipe(from, geometry.blocks());
  }

  private void wipe(int from, int to) throws IOException {
    if (from == to) {
      return;
    }
    long end = geometry.blockOffset(from) + geometry.bytes(from, to);
    for (long at = geometry.blockOffset(from); at < end; at += PIECE) {
      store.extents(
          at,
          Math.min(PIECE, end - at),
          (offset, length, kind) -> {
            if (kind == Extent.Kind.DATA) {
              store.zero(offset, length, Backend.Holes.ALLOWED);
            }
          });
      long now = nanos.getAsLong();
      if (now - told > BREAK.toNanos()) {
        told = now;
        between.run();
      }
    }
  }
}
