package dev.godwit.backend;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Runs of a file that held data when they were looked at, so that nobody has to walk through them
 * again. Holes are never remembered: "data" is a right answer for whatever the file holds, while
 * "hole" would hide what somebody, this process or another one, has written since. Thread-safe; no
 * locks.
 */
final class KnownData {
  /** How many runs are remembered; the one that was used longest ago gives way. */
  static final int MOST = 16;

  private final AtomicReference<Runs> known = new AtomicReference<>(new Runs(new long[0]));

  /**
   * What is known at one moment; another object after every change.
   *
   * @param bounds start and end of each run, the newest run first; none touches another one
   */
  @SuppressWarnings("ArrayRecordComponent") // Compared by identity, and never changed.
  record Runs(long[] bounds) {
    /** Where the data that {@code offset} lies in ends; {@code -1} when nothing is known of it. */
    long endOf(long offset) {
      for (int i = 0; i < bounds.length; i += 2) {
        if (bounds[i] <= offset && offset < bounds[i + 1]) {
          return bounds[i + 1];
        }
      }
      return -1;
    }

    /** With a run in front. */
    private Runs with(long from, long to) {
      RunList list = new RunList();
      list.add(from, to);
      for (int i = 0; i < bounds.length; i += 2) {
        if (bounds[i] <= list.bounds[1] && list.bounds[0] <= bounds[i + 1]) {
          list.bounds[0] = Math.min(list.bounds[0], bounds[i]);
          list.bounds[1] = Math.max(list.bounds[1], bounds[i + 1]);
        } else {
          list.add(bounds[i], bounds[i + 1]);
        }
      }
      return list.runs();
    }

    private Runs without(long from, long to) {
      RunList list = new RunList();
      for (int i = 0; i < bounds.length; i += 2) {
        list.add(bounds[i], Math.min(bounds[i + 1], from));
        list.add(Math.max(bounds[i], to), bounds[i + 1]);
      }
      return list.runs();
    }
  }

  /** Gathers the first few runs that are not empty. */
  private static final class RunList {
    private final long[] bounds = new long[2 * MOST];
    private int length;

    void add(long from, long to) {
      if (from < to && length < bounds.length) {
        bounds[length++] = from;
        bounds[length++] = to;
      }
    }

    Runs runs() {
      return new Runs(Arrays.copyOf(bounds, length));
    }
  }

  /** What is known now. */
  Runs now() {
    return known.get();
  }

  /**
   * Remembers a run, unless something was forgotten or learnt since {@code before}: then what was
   * seen may be gone already.
   *
   * @param before what was known before the file was looked at
   */
  void learn(Runs before, long from, long to) {
    known.compareAndSet(before, before.with(from, to));
  }

  /** The range has become a hole. To be called after that, so that nobody learns it once more. */
  void forget(long from, long to) {
    known.updateAndGet(runs -> runs.without(from, to));
  }
}
