package dev.godwit.chunk;

import dev.godwit.backend.Backend;
import dev.godwit.backend.Extent;
import dev.godwit.backend.OutOfRangeException;
import dev.godwit.stream.BufferPool;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A local backend of which some blocks are still elsewhere.
 *
 * <p>A read of missing blocks fetches them, at least up to the chunk's end, and waits; where they
 * cannot be stored, it is answered all the same. A write that covers a block whole makes it local
 * without fetching; only a block that is written in part is fetched first. What arrives in the
 * background is stored where it is still missing, never over something newer.
 *
 * <p>Once a block is local it stays local, until {@link #markMissing}, which is for the time before
 * anyone uses the device, or {@link #changed}, which is for those who only read.
 */
public final class PartialBackend implements Backend {
  private static final Logger LOG = LoggerFactory.getLogger(PartialBackend.class);
  private static final int FETCH_LIMIT = 1 << 20;

  private final Backend local;
  private final ChunkGeometry geometry;
  private final BlockSet missing;
  private final LocalBlocks blocks;
  private final BlockSource source;
  private final BlockClaims claims = new BlockClaims();
  private final Arrivals arrivals;
  private final Duration patience;
  private final BufferPool buffers = new BufferPool(FETCH_LIMIT, 4);

  private final ReadThrough through;
  private final Along along;

  /**
   * @param local where the bytes go
   * @param missing the blocks that are elsewhere; shared, changed by this object only
   * @param source where they are
   * @param patience how long an operation waits for blocks that another one works on
   */
  public PartialBackend(
      Backend local,
      ChunkGeometry geometry,
      BlockSet missing,
      BlockSource source,
      Duration patience) {
    this(local, geometry, missing, source, patience, () -> Duration.ZERO, Along.REST_OF_THE_CHUNK);
  }

  /**
   * As the other one, with a background that says what it has asked for, and that brings what lies
   * near a read: a read fetches nothing else than its own blocks.
   *
   * @param arrival how long a read waits for a block that was {@link #asked} for, before it fetches
   *     the block itself
   */
  public PartialBackend(
      Backend local,
      ChunkGeometry geometry,
      BlockSet missing,
      BlockSource source,
      Duration patience,
      Supplier<Duration> arrival) {
    this(local, geometry, missing, source, patience, arrival, Along.NOTHING);
  }

  private PartialBackend(
      Backend local,
      ChunkGeometry geometry,
      BlockSet missing,
      BlockSource source,
      Duration patience,
      Supplier<Duration> arrival,
      Along along) {
    this.along = along;
    this.arrivals = new Arrivals(geometry.blocks(), arrival);
    this.local = local;
    this.geometry = geometry;
    this.missing = missing;
    this.blocks = new LocalBlocks(geometry, missing);
    this.source = source;
    this.patience = patience;
    this.through = new ReadThrough(local, geometry, missing, source, buffers);
  }

  /** What a read fetches besides what it needs. */
  private enum Along {
    NOTHING,
    REST_OF_THE_CHUNK
  }

  /** Keeps over a crash which blocks have become local. */
  @FunctionalInterface
  public interface LocalityLog {
    /**
     * Makes it durable that these blocks are local; their bytes are durable already. May be called
     * by several threads at once.
     */
    void becameLocal(BlockRuns blocks) throws IOException;
  }

  /**
   * From now on every flush tells {@code log} which blocks have become local since this call or the
   * flush before, so that a crash neither brings back old bytes nor forgets new ones.
   */
  public void logTo(LocalityLog log) {
    blocks.logTo(log);
  }

  /** The blocks that are not here; read-only for callers. */
  public BlockSet missing() {
    return missing;
  }

  /**
   * Declares blocks missing that may have been local. Only while no device uses this backend and no
   * answer is under way.
   */
  public void markMissing(int from, int to) {
    blocks.markMissing(from, to);
  }

  /**
   * Blocks have changed at the source: they are missing from now on, and what was asked for before
   * does not make them local. A read that is under way may find what was there before. For one
   * thread at a time, and for a device that is only read: what was written here would be lost.
   */
  public void changed(BlockRuns changed) {
    blocks.changed(changed);
  }

  /**
   * Now, for {@link #arrived}: what the source is asked after this call is not older than what
   * {@link #changed} has told before it.
   */
  public long moment() {
    return blocks.moment();
  }

  /** Whether nothing is missing. */
  public boolean isWhole() {
    return blocks.isWhole();
  }

  /** These blocks are asked for in the background; {@link #arrived} or {@link #lost} follows. */
  public void asked(int from, int to) {
    arrivals.asked(from, to);
  }

  /**
   * The first block from {@code block} on that is missing and not asked for; {@code end} if none is
   * before that.
   */
  public int nextToAskFor(int block, int end) {
    return arrivals.nextIdle(missing, block, end);
  }

  /**
   * Where the blocks end that are missing and not asked for, from such a {@code block} on; {@code
   * end} at most.
   */
  public int endToAskFor(int block, int end) {
    return arrivals.next(block, missing.nextAbsent(block, end));
  }

  /**
   * Waits while everything that is missing is asked for, until some of it has come, or {@code
   * limit} is over.
   *
   * @throws IOException when interrupted
   */
  public void awaitArrival(Duration limit) throws IOException {
    arrivals.awaitChange(limit);
  }

  /** These blocks will not come in the background. */
  public void lost(int from, int to) {
    arrivals.settled(from, to);
  }

  /**
   * Stores bytes that came from the source, where they are still missing. Blocks that a program
   * works on right now are left missing, to be asked for again; this never waits.
   *
   * @param offset start of a block
   * @param data whole blocks, or up to the end of the resource
   * @param asked a {@link #moment} before the source was asked
   * @throws IOException when the local backend failed
   */
  public void arrived(ByteBuffer data, long offset, long asked) throws IOException {
    int from = geometry.blockAt(offset);
    int to = geometry.wholeBlocksBelow(offset + data.remaining());
    BlockClaims.@Nullable Claim claim = claims.tryClaim(from, to);
    if (claim != null) {
      try (claim) {
        store(data, from, to, asked);
      }
    }
    arrivals.settled(from, to);
  }

  /**
   * Says that a range reads as zeroes at the source; as {@link #arrived}.
   *
   * @throws IOException when the local backend failed
   */
  public void arrivedZero(long offset, long length, long asked) throws IOException {
    int from = geometry.blockAt(offset);
    int to = geometry.wholeBlocksBelow(offset + length);
    BlockClaims.@Nullable Claim claim = claims.tryClaim(from, to);
    if (claim == null) {
      arrivals.settled(from, to);
      return;
    }
    try (claim) {
      for (int start = missing.next(from, to); start >= 0; ) {
        int end = missing.nextAbsent(start, to);
        local.zero(geometry.blockOffset(start), geometry.bytes(start, end), Holes.ALLOWED);
        blocks.becameLocal(start, end, asked);
        start = missing.next(end, to);
      }
    }
    arrivals.settled(from, to);
  }

  /** Stores the missing blocks of {@code data}, which starts at block {@code from}. Claimed. */
  private void store(ByteBuffer data, int from, int to, long asked) throws IOException {
    int base = data.position();
    int limit = data.limit();
    for (int start = missing.next(from, to); start >= 0; ) {
      int end = missing.nextAbsent(start, to);
      int skip = (int) (geometry.blockOffset(start) - geometry.blockOffset(from));
      data.limit(base + skip + (int) geometry.bytes(start, end)).position(base + skip);
      local.write(data, geometry.blockOffset(start));
      data.limit(limit);
      blocks.becameLocal(start, end, asked);
      start = missing.next(end, to);
    }
    data.position(limit);
  }

  /**
   * Fetches the missing blocks between {@code from} and {@code to} (exclusive). Claimed.
   *
   * @return why some of them could not be stored here; null when all were
   * @throws IOException when the source failed
   */
  private @Nullable IOException fetch(int from, int to) throws IOException {
    for (int start = missing.next(from, to); start >= 0; ) {
      int end = missing.nextAbsent(start, to);
      end = Math.min(end, start + FETCH_LIMIT / geometry.blockSize());
      try (var buffer = buffers.take()) {
        ByteBuffer bytes = buffer.bytes().limit((int) geometry.bytes(start, end));
        arrivals.asked(start, end);
        long asked = moment();
        source.fetch(bytes, geometry.blockOffset(start));
        try {
          store(bytes.flip(), start, end, asked);
        } catch (IOException e) {
          return e;
        }
      } finally {
        arrivals.settled(start, end);
      }
      start = missing.next(end, to);
    }
    return null;
  }

  private void fetchAndStore(int from, int to) throws IOException {
    IOException unstored = fetch(from, to);
    if (unstored != null) {
      throw unstored;
    }
  }

  @Override
  public long size() {
    return local.size();
  }

  @Override
  public void read(ByteBuffer dst, long offset) throws IOException {
    int length = dst.remaining();
    OutOfRangeException.check(offset, length, size());
    if (!isWhole() && length > 0) {
      int from = geometry.blockAt(offset);
      int to = geometry.blockAt(offset + length - 1) + 1;
      if (missing.intersects(from, to)) {
        arrivals.await(from, to);
      }
      if (missing.intersects(from, to)) {
        int end =
            switch (along) {
              case NOTHING -> to;
              // Unless it is on its way already.
              case REST_OF_THE_CHUNK -> arrivals.next(to, geometry.chunkEnd(to - 1));
            };
        try (var claim = claims.claim(from, end, patience)) {
          IOException unstored = fetch(from, end);
          if (unstored != null) {
            LOG.debug("what was fetched cannot be kept here", unstored);
            through.read(dst, offset);
            return;
          }
        }
      }
    }
    local.read(dst, offset);
  }

  @Override
  public void write(ByteBuffer src, long offset) throws IOException {
    change(offset, src.remaining(), () -> local.write(src, offset));
  }

  @Override
  public void zero(long offset, long length, Holes holes) throws IOException {
    change(offset, length, () -> local.zero(offset, length, holes));
  }

  @Override
  public void trim(long offset, long length) throws IOException {
    change(offset, length, () -> local.trim(offset, length));
  }

  @FunctionalInterface
  private interface Change {
    void run() throws IOException;
  }

  private void change(long offset, long length, Change change) throws IOException {
    OutOfRangeException.check(offset, length, size());
    if (isWhole() || length == 0) {
      change.run();
      return;
    }
    int from = geometry.blockAt(offset);
    int to = geometry.blockAt(offset + length - 1) + 1;
    if (!missing.intersects(from, to)) {
      change.run();
      return;
    }
    try (var claim = claims.claim(from, to, patience)) {
      int wholeFrom = geometry.blockFrom(offset);
      int wholeTo = geometry.wholeBlocksBelow(offset + length);
      fetchAndStore(from, Math.min(to, wholeFrom));
      fetchAndStore(Math.max(from, wholeTo), to);
      change.run();
      if (wholeFrom < wholeTo) {
        blocks.becameLocal(wholeFrom, wholeTo);
      }
    }
  }

  @Override
  public void flush() throws IOException {
    blocks.flush(local);
  }

  @Override
  public void extents(long offset, long length, ExtentVisitor visitor) throws IOException {
    OutOfRangeException.check(offset, length, size());
    long end = offset + length;
    int endBlock = geometry.blockFrom(end);
    while (offset < end) {
      int block = geometry.blockAt(offset);
      boolean absent = missing.contains(block);
      int until = absent ? missing.nextAbsent(block + 1, endBlock) : missing.next(block, endBlock);
      long stop = until < 0 ? end : Math.min(end, geometry.blockOffset(until));
      if (absent) {
        visitor.visit(offset, stop - offset, Extent.Kind.DATA);
      } else {
        local.extents(offset, stop - offset, visitor);
      }
      offset = stop;
    }
  }

  @Override
  public Latency latency() {
    return isWhole() ? local.latency() : Latency.REMOTE;
  }

  @Override
  public void close() throws IOException {
    local.close();
  }
}
