package dev.godwit.chunk;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * A list of runs of blocks, in the order in which they were added. Runs that touch the one before
 * are merged with it. Not thread-safe.
 *
 * <p>In bytes, each run is two unsigned LEB128 numbers: the gap from the end of the run before, and
 * the length. That needs ascending runs, as {@link BlockSet#forEachRun} yields them.
 */
public final class BlockRuns {
  /** The most bytes that one run takes. */
  public static final int MAX_RUN_BYTES = 10;

  private int[] bounds = new int[16];
  private int used;

  /** The members of a set. */
  public static BlockRuns of(BlockSet set) {
    BlockRuns runs = new BlockRuns();
    set.forEachRun(runs::add);
    return runs;
  }

  /** Adds {@code from} (inclusive) to {@code to} (exclusive); an empty run is ignored. */
  public void add(int from, int to) {
    if (from < 0 || to < from) {
      throw new IllegalArgumentException("run " + from + " to " + to);
    }
    if (from == to) {
      return;
    }
    if (used > 0 && bounds[used - 1] == from) {
      bounds[used - 1] = to;
      return;
    }
    if (used == bounds.length) {
      bounds = Arrays.copyOf(bounds, used * 2);
    }
    bounds[used++] = from;
    bounds[used++] = to;
  }

  /** How many runs there are. */
  public int size() {
    return used / 2;
  }

  /** Whether there is no run. */
  public boolean isEmpty() {
    return used == 0;
  }

  /** First block of run {@code index}. */
  public int from(int index) {
    return bounds[2 * index];
  }

  /** The block behind run {@code index}. */
  public int to(int index) {
    return bounds[2 * index + 1];
  }

  /** The block behind the last block of any run; 0 when there is none. */
  public int highest() {
    int highest = 0;
    for (int i = 0; i < size(); i++) {
      highest = Math.max(highest, to(i));
    }
    return highest;
  }

  /** Blocks in all runs; a block in two runs counts twice. */
  public long blocks() {
    long blocks = 0;
    for (int i = 0; i < size(); i++) {
      blocks += to(i) - from(i);
    }
    return blocks;
  }

  /** Adds all runs of {@code other}. */
  public void addAll(BlockRuns other) {
    for (int i = 0; i < other.size(); i++) {
      add(other.from(i), other.to(i));
    }
  }

  /** Adds all runs to a set. */
  public void addTo(BlockSet set) {
    for (int i = 0; i < size(); i++) {
      set.add(from(i), to(i));
    }
  }

  /**
   * Writes as many runs as fit, beginning with run {@code index}; each call can be read on its own.
   *
   * @return the index of the first run that was not written
   */
  public int encode(ByteBuffer dst, int index) {
    int previous = 0;
    while (index < size() && dst.remaining() >= MAX_RUN_BYTES) {
      if (from(index) < previous) {
        throw new IllegalStateException("runs are not in ascending order");
      }
      putNumber(dst, from(index) - previous);
      putNumber(dst, to(index) - from(index));
      previous = to(index);
      index++;
    }
    return index;
  }

  /**
   * Reads what {@link #encode} wrote, up to the buffer's limit, and adds it.
   *
   * @param blocks how many blocks the resource has
   * @throws IllegalArgumentException when the bytes are not runs inside that number
   */
  public void decode(ByteBuffer src, int blocks) {
    long at = 0;
    try {
      while (src.hasRemaining()) {
        long from = at + getNumber(src);
        long to = from + getNumber(src);
        if (to <= from || to > blocks) {
          throw new IllegalArgumentException(
              "run " + from + " to " + to + " is not inside " + blocks + " blocks");
        }
        add((int) from, (int) to);
        at = to;
      }
    } catch (BufferUnderflowException e) {
      throw new IllegalArgumentException("a run is cut off", e);
    }
  }

  private static void putNumber(ByteBuffer dst, int number) {
    while ((number & ~0x7f) != 0) {
      dst.put((byte) (number | 0x80));
      number >>>= 7;
    }
    dst.put((byte) number);
  }

  private static int getNumber(ByteBuffer src) {
    int number = 0;
    for (int shift = 0; shift < 35; shift += 7) {
      byte b = src.get();
      number |= (b & 0x7f) << shift;
      if (b >= 0) {
        if (number < 0 || (shift == 28 && b > 7)) {
          break;
        }
        return number;
      }
    }
    throw new IllegalArgumentException("a number is out of range");
  }
}
