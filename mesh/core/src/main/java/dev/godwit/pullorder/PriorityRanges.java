package dev.godwit.pullorder;

import dev.godwit.chunk.BlockRuns;
import dev.godwit.chunk.BlockSet;
import dev.godwit.chunk.ChunkGeometry;
import dev.godwit.chunk.PullOrder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Pulls given ranges first, in their order, then the rest from the first block to the last. A block
 * that a range touches belongs to it; one in two ranges belongs to the first of them.
 *
 * <p>A pass over a set that only shrinks looks at every block of the ranges once and at every word
 * of the set once, however often it asks; it allocates nothing. Another set starts a new pass. What
 * is added to a set behind the place is found after all the others.
 *
 * <p>Not thread-safe, as {@link PullOrder} allows.
 */
public final class PriorityRanges implements PullOrder {
  private final BlockRuns first;
  private @Nullable BlockSet current;
  private int run;
  private int place;

  /**
   * An order for one resource.
   *
   * @param geometry of the resource; what lies beyond its end is ignored
   * @param ranges which bytes are wanted first
   */
  public PriorityRanges(ChunkGeometry geometry, List<ByteRange> ranges) {
    this.first = disjoint(geometry, ranges);
  }

  /** The blocks of the ranges, each once. */
  private static BlockRuns disjoint(ChunkGeometry geometry, List<ByteRange> ranges) {
    BlockRuns runs = new BlockRuns();
    TakenBlocks taken = new TakenBlocks();
    for (ByteRange range : ranges) {
      if (range.length() > 0 && range.offset() < geometry.size()) {
        long last = Math.min(geometry.size(), range.end()) - 1;
        taken.take(geometry.blockAt(range.offset()), geometry.blockAt(last) + 1, runs);
      }
    }
    return runs;
  }

  /** How many blocks come before the linear rest. */
  public long priorityBlocks() {
    return first.blocks();
  }

  @Override
  public int next(BlockSet wanted) {
    if (wanted != current) {
      restart(wanted);
    }
    int block = search(wanted);
    if (block < 0) {
      // Either nothing is left, or something was added behind the place.
      restart(wanted);
      block = wanted.isEmpty() ? -1 : search(wanted);
    }
    if (block < 0) {
      current = null;
    }
    return block;
  }

  private void restart(BlockSet wanted) {
    current = wanted;
    run = 0;
    place = first.isEmpty() ? 0 : first.from(0);
  }

  private int search(BlockSet wanted) {
    for (; run < first.size(); advance()) {
      // Not wanted.next(): what it finds may lie far behind the run, over and over again.
      for (; place < first.to(run); place++) {
        if (wanted.contains(place)) {
          return place;
        }
      }
    }
    int block = wanted.next(place);
    if (block >= 0) {
      place = block;
    }
    return block;
  }

  private void advance() {
    run++;
    place = run < first.size() ? first.from(run) : 0;
  }
}
