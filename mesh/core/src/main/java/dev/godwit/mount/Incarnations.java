package dev.godwit.mount;

import java.io.IOException;

/**
 * Whether an owner may have lost writes: it has if it began anew between a write and its flush, as
 * far as we can know. Once it has it stays so, since a program that is told only once may go on as
 * if nothing had happened. Thread-safe.
 */
final class Incarnations {
  private long present;
  private long written;
  private long flushed;
  private boolean lost;

  /**
   * Nothing is written yet.
   *
   * @param present of the owner
   */
  Incarnations(long present) {
    this.present = present;
  }

  /** So many bytes were written by this incarnation. */
  synchronized void wrote(long bytes, long incarnation) {
    see(incarnation);
    written += bytes;
  }

  /** Bytes that were written since the last flush. */
  synchronized long unflushed() {
    return written - flushed;
  }

  private void see(long incarnation) {
    if (incarnation != present) {
      lost |= written > flushed;
      present = incarnation;
    }
  }

  /** How much is written, for {@link #flushed}. */
  synchronized long written() {
    return written;
  }

  /**
   * A flush was done by this incarnation.
   *
   * @param before what was {@link #written} when it was asked for
   * @throws IOException as {@link #check}
   */
  synchronized void flushed(long before, long incarnation) throws IOException {
    see(incarnation);
    check();
    flushed = Math.max(flushed, before);
  }

  /**
   * Passes as long as nothing can be lost.
   *
   * @throws IOException otherwise
   */
  synchronized void check() throws IOException {
    if (lost) {
      throw new IOException(
          "the owner began anew, and may have lost what was written since the last flush");
    }
  }
}
