package dev.godwit.pullorder;

import dev.godwit.chunk.BlockRuns;
import dev.godwit.chunk.ChunkGeometry;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * Counts how often each part of a resource is read, to tell the hottest: at a seeder, what the one
 * who takes over will want first. Counts halve with time, so what was hot last week is forgotten.
 *
 * <p>A part is a chunk, or as many chunks as it takes to have at most {@value #MAX_PARTS} parts: 4
 * MiB of memory at most, whatever the size; of 1 TiB, 1 MiB each. A read counts once in each part
 * that it touches.
 *
 * <p>Thread-safe. Counting takes no lock and allocates nothing; once per half-life one caller pays
 * for halving all counts.
 */
public final class HotBlocks implements AccessObserver {
  /** Parts that are counted, at most. */
  public static final int MAX_PARTS = 1 << 20;

  private static final int MAX_COUNT = Integer.MAX_VALUE / 2;

  private final ChunkGeometry geometry;
  private final long partSize;
  private final AtomicIntegerArray counts;
  private final long halfLifeNanos;
  private final LongSupplier nanos;
  private final AtomicLong halvedAt;

  /**
   * Counts from zero.
   *
   * @param halfLife after which a read counts half
   */
  public HotBlocks(ChunkGeometry geometry, Duration halfLife) {
    this(geometry, halfLife, System::nanoTime);
  }

  /** As above, with another clock than {@link System#nanoTime()}. */
  HotBlocks(ChunkGeometry geometry, Duration halfLife, LongSupplier nanos) {
    if (halfLife.isNegative() || halfLife.isZero()) {
      throw new IllegalArgumentException("half-life " + halfLife);
    }
    long size = geometry.chunkSize();
    while (Math.ceilDiv(geometry.size(), size) > MAX_PARTS) {
      size *= 2;
    }
    this.geometry = geometry;
    this.partSize = size;
    this.counts = new AtomicIntegerArray((int) Math.ceilDiv(geometry.size(), size));
    this.halfLifeNanos = halfLife.toNanos();
    this.nanos = nanos;
    this.halvedAt = new AtomicLong(nanos.getAsLong());
  }

  /** Bytes in a part. */
  public long partSize() {
    return partSize;
  }

  @Override
  public void read(long offset, long length) {
    age();
    int last = (int) ((offset + length - 1) / partSize);
    for (int part = (int) (offset / partSize); part <= last; part++) {
      // A count that is full stays so until it is halved; being off by a few readers is no harm.
      if (counts.get(part) < MAX_COUNT) {
        counts.getAndIncrement(part);
      }
    }
  }

  private void age() {
    long before = halvedAt.get();
    long halfLives = (nanos.getAsLong() - before) / halfLifeNanos;
    if (halfLives > 0 && halvedAt.compareAndSet(before, before + halfLives * halfLifeNanos)) {
      int shift = (int) Math.min(31, halfLives);
      for (int part = 0; part < counts.length(); part++) {
        if (counts.get(part) != 0) {
          counts.getAndUpdate(part, count -> count >> shift);
        }
      }
    }
  }

  /**
   * The parts that were read, hottest first, as a profile that can be sent. Parts whose counts have
   * the same power of two count as equally hot and are in ascending order, so that neighbours make
   * one run. The coldest are left out when there are more than {@link AccessProfile#MAX_RUNS} runs.
   *
   * @param identity which resource it is, see {@link AccessProfile}
   */
  public AccessProfile profile(String identity) {
    age();
    byte[] heat = new byte[counts.length()];
    int hottest = 0;
    for (int part = 0; part < heat.length; part++) {
      heat[part] = (byte) (32 - Integer.numberOfLeadingZeros(counts.get(part)));
      hottest = Math.max(hottest, heat[part]);
    }
    BlockRuns runs = new BlockRuns();
    for (int wanted = hottest; wanted > 0; wanted--) {
      for (int part = 0; part < heat.length && runs.size() < AccessProfile.MAX_RUNS; part++) {
        if (heat[part] == wanted) {
          int to = (int) Math.min(geometry.blocks(), (part + 1L) * blocksPerPart());
          runs.add((int) (part * blocksPerPart()), to);
        }
      }
    }
    return new AccessProfile(identity, geometry.size(), geometry.blockSize(), runs);
  }

  private long blocksPerPart() {
    return partSize / geometry.blockSize();
  }
}
