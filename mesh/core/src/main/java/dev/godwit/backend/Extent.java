package dev.godwit.backend;

/**
 * A run of bytes of one kind.
 *
 * @param offset first byte, not negative
 * @param length bytes, positive
 * @param kind what is known of the contents
 */
public record Extent(long offset, long length, Kind kind) {

  /** What is known of a run's contents. */
  public enum Kind {
    /** May hold anything. */
    DATA,
    /** Reads as zeroes, and takes no storage where the medium can do so. */
    HOLE
  }

  /** Rejects empty and negative runs. */
  public Extent {
    if (offset < 0 || length <= 0 || offset > Long.MAX_VALUE - length) {
      throw new IllegalArgumentException("extent " + offset + "+" + length);
    }
  }

  /** The offset just behind the run. */
  public long end() {
    return offset + length;
  }
}
