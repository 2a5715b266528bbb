package dev.godwit.backend;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;

/**
 * The holes of one file. The JDK has no call for them; {@code mesh/devices} implements this with
 * {@code lseek(2)} and {@code fallocate(2)}. Thread-safe.
 */
public interface SparseFile extends Closeable {

  /**
   * The first offset at or after {@code from} that may hold data, or {@code -1} when only holes
   * follow.
   */
  long nextData(long from) throws IOException;

  /** The first offset at or after {@code from} that is a hole; the file's end counts as one. */
  long nextHole(long from) throws IOException;

  /**
   * Turns the range into a hole.
   *
   * @return whether the file system can do that; if not, nothing was changed
   */
  boolean punch(long offset, long length) throws IOException;

  @Override
  void close() throws IOException;

  /** Opens the holes of a file. */
  @FunctionalInterface
  interface Opener {
    /** Opens {@code file}, which exists, for reading and writing. */
    SparseFile open(Path file) throws IOException;
  }

  /** Sees every file as one piece of data, for systems without the calls. */
  static SparseFile dense() {
    return new SparseFile() {
      @Override
      public long nextData(long from) {
        return from;
      }

      @Override
      public long nextHole(long from) {
        return Long.MAX_VALUE;
      }

      @Override
      public boolean punch(long offset, long length) {
        return false;
      }

      @Override
      public void close() {}
    };
  }
}
