package dev.godwit.mount;

import dev.godwit.chunk.BlockRuns;
import dev.godwit.chunk.BlockSet;
import dev.godwit.chunk.ChunkGeometry;
import java.util.function.LongSupplier;

/**
 * How much is noted as unsaved when a part of it is. An entry in the journal costs a flush as much
 * time again as the bytes themselves, and further writes to what is noted need none: so a whole
 * chunk is noted, and more when entries come fast. What is not new in it is brought to the owner
 * again after a crash, which does no harm but takes time; so that is bounded. Blocks that are not
 * here are never noted. Thread-safe. See decision 026.
 */
final class UnsavedNotes {
  /** Entries a second at which nothing more than chunks is noted. */
  static final int ENTRIES_PER_SECOND = 100;

  /** Entries ahead of that after which twice as much is noted. */
  static final int DOUBLING = 16;

  /** At most this many times. */
  static final int MOST_DOUBLINGS = 4;

  private static final long BETWEEN = 1_000_000_000 / ENTRIES_PER_SECOND;
  private static final long MOST_AHEAD = BETWEEN * DOUBLING * (MOST_DOUBLINGS + 1);

  private final ChunkGeometry geometry;
  private final BlockSet missing;
  private final long most;
  private final LongSupplier nanoTime;

  /** How far the entries are ahead of a steady pace, as time; as of {@link #seen}. */
  private long ahead;

  private long seen;

  /**
   * Nothing was noted yet.
   *
   * @param missing the blocks that are not here
   * @param most bytes; while that many are noted, nothing more than chunks is
   * @param nanoTime as {@link System#nanoTime}
   */
  UnsavedNotes(ChunkGeometry geometry, BlockSet missing, long most, LongSupplier nanoTime) {
    this.geometry = geometry;
    this.missing = missing;
    this.most = most;
    this.nanoTime = nanoTime;
    this.seen = nanoTime.getAsLong();
  }

  /** What was noted was not known yet, and took an entry. */
  synchronized void entryWritten() {
    ahead = Math.min(ahead() + BETWEEN, MOST_AHEAD);
  }

  private long ahead() {
    long now = nanoTime.getAsLong();
    ahead = Math.max(0, ahead - (now - seen));
    seen = now;
    return ahead;
  }

  private synchronized int doublings() {
    return (int) Math.min(MOST_DOUBLINGS, ahead() / (BETWEEN * DOUBLING));
  }

  /**
   * What to note.
   *
   * @param runs what was written
   * @param noted how many blocks are noted already
   */
  BlockRuns widened(BlockRuns runs, int noted) {
    int chunks = (long) noted * geometry.blockSize() < most ? 1 << doublings() : 1;
    BlockRuns widened = new BlockRuns();
    for (int i = 0; i < runs.size(); i++) {
      if (!addHere(widened, runs.from(i), runs.to(i), chunks)
          && !addHere(widened, runs.from(i), runs.to(i), 1)) {
        widened.add(runs.from(i), runs.to(i));
      }
    }
    return widened;
  }

  /** Adds stretches of so many chunks, when all of it is here. */
  private boolean addHere(BlockRuns widened, int from, int to, int chunks) {
    int width = chunks * geometry.blocksPerChunk();
    int first = from - from % width;
    int last = (int) Math.min(geometry.blocks(), Math.ceilDiv((long) to, width) * width);
    if (missing.intersects(first, last)) {
      return false;
    }
    widened.add(first, last);
    return true;
  }
}
