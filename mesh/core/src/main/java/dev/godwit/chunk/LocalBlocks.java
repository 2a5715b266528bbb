package dev.godwit.chunk;

import dev.godwit.backend.Backend;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Keeps which blocks of a {@link PartialBackend} are here: none becomes local by bytes that are old
 * by then, and what has become local is told to a log once it is durable. Thread-safe.
 */
final class LocalBlocks {
  private final ChunkGeometry geometry;
  private final BlockSet missing;
  private final UnloggedRuns unlogged = new UnloggedRuns();
  private volatile PartialBackend.@Nullable LocalityLog log;

  /**
   * No block before this one is missing; above it, how often blocks have become missing again, so
   * that a search from before does not hide those.
   */
  private final AtomicLong firstMissing = new AtomicLong();

  /** What has become old, and when; none until something has. */
  private volatile @Nullable ChangeTimes old;

  /** So that a block does not become local by bytes that have become old. Never held long. */
  private final ReentrantLock becoming = new ReentrantLock();

  /**
   * All but those that are missing.
   *
   * @param missing shared, changed by this object only
   */
  LocalBlocks(ChunkGeometry geometry, BlockSet missing) {
    this.geometry = geometry;
    this.missing = missing;
  }

  /** As {@link PartialBackend#logTo}. */
  void logTo(PartialBackend.LocalityLog to) {
    log = to;
  }

  /** As {@link PartialBackend#markMissing}. */
  void markMissing(int from, int to) {
    missing.add(from, to);
    long _ = firstMissing.updateAndGet(seen -> ((seen >>> Integer.SIZE) + 1) << Integer.SIZE);
  }

  /** As {@link PartialBackend#changed}. */
  void changed(BlockRuns blocks) {
    @Nullable ChangeTimes known = old;
    ChangeTimes times = known == null ? new ChangeTimes(geometry) : known;
    becoming.lock();
    try {
      old = times;
      for (int i = 0; i < blocks.size(); i++) {
        times.changed(blocks.from(i), blocks.to(i));
        markMissing(blocks.from(i), blocks.to(i));
      }
    } finally {
      becoming.unlock();
    }
  }

  /** As {@link PartialBackend#moment}. */
  long moment() {
    @Nullable ChangeTimes times = old;
    return times == null ? 0 : times.moment();
  }

  /** Whether nothing is missing. */
  boolean isWhole() {
    long seen = firstMissing.get();
    if ((int) seen >= geometry.blocks()) {
      return true;
    }
    int found = missing.next((int) seen);
    int first = found < 0 ? geometry.blocks() : found;
    if (first != (int) seen) {
      boolean _ = firstMissing.compareAndSet(seen, seen - (int) seen + first);
    }
    return found < 0;
  }

  /**
   * What the source was asked for at {@code asked} is stored; it counts unless it is old by now.
   */
  void becameLocal(int from, int to, long asked) {
    becoming.lock();
    try {
      @Nullable ChangeTimes times = old;
      if (times == null || !times.isChangedSince(asked, from, to)) {
        becameLocal(from, to);
      }
    } finally {
      becoming.unlock();
    }
  }

  /** These were written here. */
  void becameLocal(int from, int to) {
    if (log != null) {
      unlogged.add(from, to);
    }
    missing.remove(from, to);
  }

  /** Flushes {@code local}, and tells the log what is durable there now. */
  void flush(Backend local) throws IOException {
    PartialBackend.@Nullable LocalityLog to = log;
    if (to == null) {
      local.flush();
      return;
    }
    // Taken before the flush: what becomes local meanwhile may not be durable when it returns.
    UnloggedRuns.Taken taken = unlogged.take();
    try {
      local.flush();
      if (!taken.all().isEmpty()) {
        to.becameLocal(taken.all());
      }
    } catch (IOException | RuntimeException e) {
      unlogged.failed(taken);
      throw e;
    }
    unlogged.logged(taken);
  }
}
