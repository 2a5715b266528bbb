package dev.godwit.pullorder;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Ranges in the order in which they were found, neighbours in that order merged. Not thread-safe.
 */
final class FoundRanges {
  /** The most ranges that one resource yields; 2 MiB of memory. */
  static final int MAX_RANGES = 1 << 17;

  private long[] bounds = new long[64];
  private int used;

  /**
   * Adds a range that is inside the resource.
   *
   * @throws MalformedContentException when there are {@value #MAX_RANGES} already
   */
  void add(long offset, long length) throws MalformedContentException {
    long end = offset + length;
    if (used > 0 && offset >= bounds[used - 2] && offset <= bounds[used - 1]) {
      bounds[used - 1] = Math.max(bounds[used - 1], end);
      return;
    }
    if (used == 2 * MAX_RANGES) {
      throw new MalformedContentException("there are more than " + MAX_RANGES + " ranges");
    }
    if (used == bounds.length) {
      bounds = Arrays.copyOf(bounds, used * 2);
    }
    bounds[used++] = offset;
    bounds[used++] = end;
  }

  List<ByteRange> list() {
    List<ByteRange> ranges = new ArrayList<>(used / 2);
    for (int i = 0; i < used; i += 2) {
      ranges.add(new ByteRange(bounds[i], bounds[i + 1] - bounds[i]));
    }
    return List.copyOf(ranges);
  }
}
