package dev.godwit.pullorder;

import dev.godwit.chunk.BlockRuns;
import java.util.Map;
import java.util.TreeMap;

/**
 * The blocks that earlier ranges have taken, as disjoint runs. Not a set of bits: ranges come from
 * hostile content, and each of many could make it search the whole set.
 */
final class TakenBlocks {
  private final TreeMap<Integer, Integer> ends = new TreeMap<>();

  /** Takes {@code from} to {@code to} (exclusive); adds to {@code runs} what was not taken yet. */
  void take(int from, int to, BlockRuns runs) {
    int start = from;
    int first = from;
    int last = to;
    Map.Entry<Integer, Integer> before = ends.floorEntry(from);
    if (before != null && before.getValue() >= from) {
      start = before.getValue();
      first = before.getKey();
      last = Math.max(to, start);
    }
    // Each run found here disappears in the new one: all calls together look at each run once.
    for (var next = ends.higherEntry(from);
        next != null && next.getKey() <= to;
        next = ends.higherEntry(from)) {
      if (start < next.getKey()) {
        runs.add(start, next.getKey());
      }
      start = Math.max(start, next.getValue());
      last = Math.max(last, start);
      ends.remove(next.getKey());
    }
    if (start < to) {
      runs.add(start, to);
    }
    ends.put(first, last);
  }
}
