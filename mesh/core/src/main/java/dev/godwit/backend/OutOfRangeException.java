package dev.godwit.backend;

import java.io.IOException;

/** A range of bytes that is not inside the resource; nothing was read or written. */
public final class OutOfRangeException extends IOException {
  private static final long serialVersionUID = 1L;

  /** Names the range and the size it had to fit into, in bytes. */
  public OutOfRangeException(long offset, long length, long size) {
    super("range " + offset + "+" + length + " is not inside the size " + size);
  }

  /**
   * Accepts a range inside {@code size}, empty ones included.
   *
   * @throws OutOfRangeException for any other, negative numbers included
   */
  public static void check(long offset, long length, long size) throws OutOfRangeException {
    if (offset < 0 || length < 0 || offset > size || length > size - offset) {
      throw new OutOfRangeException(offset, length, size);
    }
  }
}
