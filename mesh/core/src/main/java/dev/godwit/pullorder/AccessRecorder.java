package dev.godwit.pullorder;

import dev.godwit.chunk.BlockSet;
import dev.godwit.chunk.ChunkGeometry;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Records which blocks were read, in the order in which each was read for the first time. Keeps one
 * bit for each block and at most {@value AccessProfile#MAX_RUNS} runs; what is read first when
 * these are full is not recorded, since what matters came before.
 *
 * <p>Thread-safe. A read of blocks that were all seen before takes no lock and allocates nothing.
 */
public final class AccessRecorder implements AccessObserver {
  private final ChunkGeometry geometry;
  private final BlockSet seen;
  private final ReentrantLock lock = new ReentrantLock();
  private final OrderedRuns runs = new OrderedRuns();

  /** Has seen nothing yet. */
  public AccessRecorder(ChunkGeometry geometry) {
    this.geometry = geometry;
    this.seen = new BlockSet(geometry.blocks());
  }

  @Override
  public void read(long offset, long length) {
    int to = geometry.blockAt(offset + length - 1) + 1;
    int from = firstUnseen(geometry.blockAt(offset), to);
    if (from < to) {
      record(from, to);
    }
  }

  /** Not {@link BlockSet#nextAbsent}: that goes on behind {@code to}, perhaps for long. */
  private int firstUnseen(int from, int to) {
    while (from < to && seen.contains(from)) {
      from++;
    }
    return from;
  }

  private void record(int from, int to) {
    lock.lock();
    try {
      while (from < to) {
        int end = from;
        while (end < to && !seen.contains(end)) {
          end++;
        }
        if (end > from) {
          seen.add(from, end);
          var _ = runs.add(from, end);
        }
        from = firstUnseen(end, to);
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * What was read so far.
   *
   * @param identity which resource it was, see {@link AccessProfile}
   */
  public AccessProfile profile(String identity) {
    lock.lock();
    try {
      return new AccessProfile(identity, geometry.size(), geometry.blockSize(), runs.toRuns());
    } finally {
      lock.unlock();
    }
  }
}
