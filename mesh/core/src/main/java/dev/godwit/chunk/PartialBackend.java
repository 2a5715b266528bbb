package dev.godwit.chunk;

import dev.godwit.backend.Backend;
import dev.godwit.backend.Extent;
import dev.godwit.backend.OutOfRangeException;
import dev.godwit.stream.BufferPool;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A local backend of which some blocks are still elsewhere.
 *
 * <p>A read of missing blocks fetches them, at least up to the chunk's end, and waits. A write that
 * covers a block whole makes it local without fetching; only a block that is written in part is
 * fetched first. What arrives in the background is stored where it is still missing, never over
 * something newer.
 *
 * <p>Once a block is local it stays local, until {@link #markMissing}, which is for the time before
 * anyone uses the device.
 */
public final class PartialBackend implements Backend {
  private static final int FETCH_LIMIT = 1 << 20;

  private final Backend local;
  private final ChunkGeometry geometry;
  private final BlockSet missing;
  private final BlockSource source;
  private final BlockClaims claims = new BlockClaims();
  private final Duration patience;
  private final BufferPool buffers = new BufferPool(FETCH_LIMIT, 4);
  private final ReentrantLock runsLock = new ReentrantLock();
  private final List<BlockRuns> beingLogged = new ArrayList<>();
  private BlockRuns unlogged = new BlockRuns();
  private volatile @Nullable LocalityLog log;
  private volatile boolean whole;

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
    this.local = local;
    this.geometry = geometry;
    this.missing = missing;
    this.source = source;
    this.patience = patience;
    this.whole = missing.isEmpty();
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
    this.log = log;
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
    missing.add(from, to);
    whole = false;
  }

  /** Whether nothing is missing. */
  public boolean isWhole() {
    if (!whole && missing.isEmpty()) {
      whole = true;
    }
    return whole;
  }

  /**
   * Stores bytes that came from the source, where they are still missing. Blocks that a program
   * works on right now are left missing, to be asked for again; this never waits.
   *
   * @param offset start of a block
   * @param data whole blocks, or up to the end of the resource
   * @throws IOException when the local backend failed
   */
  public void arrived(ByteBuffer data, long offset) throws IOException {
    int from = geometry.blockAt(offset);
    int to = geometry.wholeBlocksBelow(offset + data.remaining());
    BlockClaims.@Nullable Claim claim = claims.tryClaim(from, to);
    if (claim != null) {
      try (claim) {
        store(data, from, to);
      }
    }
  }

  /**
   * Says that a range reads as zeroes at the source; as {@link #arrived}.
   *
   * @throws IOException when the local backend failed
   */
  public void arrivedZero(long offset, long length) throws IOException {
    int from = geometry.blockAt(offset);
    int to = geometry.wholeBlocksBelow(offset + length);
    BlockClaims.@Nullable Claim claim = claims.tryClaim(from, to);
    if (claim == null) {
      return;
    }
    try (claim) {
      for (int start = missing.next(from); start >= 0 && start < to; ) {
        int end = Math.min(to, missing.nextAbsent(start));
        local.zero(geometry.blockOffset(start), geometry.bytes(start, end), Holes.ALLOWED);
        becameLocal(start, end);
        start = missing.next(end);
      }
    }
  }

  private void becameLocal(int from, int to) {
    if (log != null) {
      runsLock.lock();
      try {
        unlogged.add(from, to);
      } finally {
        runsLock.unlock();
      }
    }
    missing.remove(from, to);
  }

  /** Stores the missing blocks of {@code data}, which starts at block {@code from}. Claimed. */
  private void store(ByteBuffer data, int from, int to) throws IOException {
    int base = data.position();
    int limit = data.limit();
    for (int start = missing.next(from); start >= 0 && start < to; ) {
      int end = Math.min(to, missing.nextAbsent(start));
      int skip = (int) (geometry.blockOffset(start) - geometry.blockOffset(from));
      data.limit(base + skip + (int) geometry.bytes(start, end)).position(base + skip);
      local.write(data, geometry.blockOffset(start));
      data.limit(limit);
      becameLocal(start, end);
      start = missing.next(end);
    }
    data.position(limit);
  }

  /** Fetches the missing blocks between {@code from} and {@code to} (exclusive). Claimed. */
  private void fetch(int from, int to) throws IOException {
    for (int start = missing.next(from); start >= 0 && start < to; ) {
      int end = Math.min(to, missing.nextAbsent(start));
      end = Math.min(end, start + FETCH_LIMIT / geometry.blockSize());
      try (var buffer = buffers.take()) {
        ByteBuffer bytes = buffer.bytes().limit((int) geometry.bytes(start, end));
        source.fetch(bytes, geometry.blockOffset(start));
        store(bytes.flip(), start, end);
      }
      start = missing.next(end);
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
        int end = geometry.chunkEnd(to - 1);
        try (var claim = claims.claim(from, end, patience)) {
          fetch(from, end);
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
      fetch(from, Math.min(to, wholeFrom));
      fetch(Math.max(from, wholeTo), to);
      change.run();
      if (wholeFrom < wholeTo) {
        becameLocal(wholeFrom, wholeTo);
      }
    }
  }

  @Override
  public void flush() throws IOException {
    @Nullable LocalityLog log = this.log;
    if (log == null) {
      local.flush();
      return;
    }
    // Taken before the flush: what becomes local meanwhile may not be durable when it returns.
    Taken taken = takeUnlogged();
    boolean logged = false;
    try {
      local.flush();
      if (!taken.all().isEmpty()) {
        log.becameLocal(taken.all());
      }
      logged = true;
    } finally {
      done(taken.own(), logged);
    }
  }

  /**
   * What a flush logs: what it has taken itself, and what others have taken and not logged yet. A
   * flush promises the writes before it, whichever other flush got hold of their blocks.
   */
  private record Taken(BlockRuns own, BlockRuns all) {}

  private Taken takeUnlogged() {
    runsLock.lock();
    try {
      BlockRuns own = unlogged;
      unlogged = new BlockRuns();
      beingLogged.add(own);
      BlockRuns all = new BlockRuns();
      beingLogged.forEach(all::addAll);
      return new Taken(own, all);
    } finally {
      runsLock.unlock();
    }
  }

  private void done(BlockRuns runs, boolean logged) {
    runsLock.lock();
    try {
      beingLogged.removeIf(each -> each == runs);
      if (!logged) {
        unlogged.addAll(runs);
      }
    } finally {
      runsLock.unlock();
    }
  }

  @Override
  public void extents(long offset, long length, ExtentVisitor visitor) throws IOException {
    OutOfRangeException.check(offset, length, size());
    long end = offset + length;
    while (offset < end) {
      int block = geometry.blockAt(offset);
      boolean absent = missing.contains(block);
      int until = absent ? missing.nextAbsent(block) : missing.next(block);
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
