package dev.godwit.pullorder;

/**
 * A range of a resource's bytes. It may be empty, and may lie beyond the resource's end.
 *
 * @param offset first byte, not negative
 * @param length bytes, not negative
 */
public record ByteRange(long offset, long length) {
  /** Rejects negative numbers, and ends that no {@code long} can hold. */
  public ByteRange {
    if (offset < 0 || length < 0 || offset > Long.MAX_VALUE - length) {
      throw new IllegalArgumentException("range " + offset + "+" + length);
    }
  }

  /** The offset just behind the range. */
  public long end() {
    return offset + length;
  }
}
