package dev.godwit.pullorder;

import dev.godwit.chunk.BlockRuns;
import java.util.Arrays;

/**
 * Runs of blocks in the order in which they began, at most {@link AccessProfile#MAX_RUNS}. A run
 * that goes on where one of the newest ends makes that one longer, so several readers that go
 * through a resource side by side make one run each. Not thread-safe.
 */
final class OrderedRuns {
  /** How many of the newest runs may still grow; as many readers at once are told apart. */
  static final int GROWING = 16;

  private int[] bounds = new int[64];
  private int used;

  /**
   * Adds {@code from} to {@code to} (exclusive), not empty.
   *
   * @return whether there was room
   */
  boolean add(int from, int to) {
    for (int i = used - 2; i >= Math.max(0, used - 2 * GROWING); i -= 2) {
      if (bounds[i + 1] == from) {
        bounds[i + 1] = to;
        return true;
      }
    }
    if (used == 2 * AccessProfile.MAX_RUNS) {
      return false;
    }
    if (used == bounds.length) {
      bounds = Arrays.copyOf(bounds, used * 2);
    }
    bounds[used++] = from;
    bounds[used++] = to;
    return true;
  }

  /** A copy. */
  BlockRuns toRuns() {
    BlockRuns runs = new BlockRuns();
    for (int i = 0; i < used; i += 2) {
      runs.add(bounds[i], bounds[i + 1]);
    }
    return runs;
  }
}
