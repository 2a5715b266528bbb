package dev.godwit.nbd;

import dev.godwit.backend.Backend;
import dev.godwit.backend.Extent;
import java.io.IOException;

/**
 * The first few runs of a range, neighbours of the same kind joined, at most 2^32-1 bytes in all.
 * Reusable; for one thread.
 */
final class Runs implements Backend.ExtentVisitor {
  private final long[] lengths;
  private final Extent.Kind[] kinds;
  private int limit;
  private int count;

  /** One per instance is enough: it carries nothing, not even a stack trace. */
  private final Full full = new Full();

  Runs(int capacity) {
    lengths = new long[capacity];
    kinds = new Extent.Kind[capacity];
  }

  /**
   * Asks a backend for the runs of a range.
   *
   * @param most how many runs are wanted, up to the capacity
   * @return whether these are all of the range
   */
  boolean gather(Backend backend, long offset, long length, int most) throws IOException {
    count = 0;
    limit = Math.min(most, lengths.length);
    try {
      backend.extents(offset, length, this);
      return true;
    } catch (Full _) {
      return false;
    }
  }

  int count() {
    return count;
  }

  long length(int index) {
    return lengths[index];
  }

  Extent.Kind kind(int index) {
    return kinds[index];
  }

  @Override
  public void visit(long offset, long length, Extent.Kind kind) throws IOException {
    if (count > 0 && kinds[count - 1] == kind) {
      lengths[count - 1] += length;
    } else if (count == limit) {
      throw full;
    } else {
      lengths[count] = length;
      kinds[count] = kind;
      count++;
    }
  }

  /** Ends a walk. */
  private static final class Full extends IOException {
    private static final long serialVersionUID = 1L;

    @Override
    public synchronized Throwable fillInStackTrace() {
      return this;
    }
  }
}
