package dev.godwit.backend;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Where a resource's bytes live: a fixed number of bytes at offsets from 0 to {@link #size()}.
 *
 * <p>Never-written bytes read as zero. A call does all of its work or throws; there are no short
 * reads or writes. A range outside the size throws {@link OutOfRangeException} before anything is
 * done. After a failed write the bytes of its range are undefined, the others untouched.
 *
 * <p><b>Threads.</b> All methods may be called concurrently. Concurrent writes to overlapping
 * ranges end with some mixture of both, as on a disk; a caller that needs more orders them itself.
 *
 * <p><b>Durability.</b> A write that returned before {@link #flush()} began is on stable storage
 * when the flush returns, as far as the medium has any.
 */
public interface Backend extends Closeable {

  /** The fixed size in bytes, not negative, any value (no multiple of anything). */
  long size();

  /**
   * Fills {@code dst} from {@code offset}.
   *
   * @throws OutOfRangeException when the range is not inside the size
   * @throws IOException when the medium failed; {@code dst} then holds anything
   */
  void read(ByteBuffer dst, long offset) throws IOException;

  /**
   * Stores all of {@code src} at {@code offset}.
   *
   * @throws OutOfRangeException when the range is not inside the size
   * @throws IOException when the medium failed
   */
  void write(ByteBuffer src, long offset) throws IOException;

  /**
   * Makes everything written so far durable.
   *
   * @throws IOException when that could not be confirmed: the writes since the last flush may or
   *     may not survive, and a later flush may succeed without them unless this is a {@link
   *     RememberingBackend}
   */
  void flush() throws IOException;

  /**
   * Makes the range read as zeroes. May release its storage when {@code holes} allows.
   *
   * @throws IOException as {@link #write}
   */
  void zero(long offset, long length, Holes holes) throws IOException;

  /**
   * Says that the contents of the range are no longer needed; it reads as anything afterwards, in
   * practice as zeroes or as before. May do nothing.
   *
   * @throws IOException as {@link #write}
   */
  default void trim(long offset, long length) throws IOException {
    zero(offset, length, Holes.ALLOWED);
  }

  /**
   * Describes a range by runs in ascending order that cover it without gaps. A {@link
   * Extent.Kind#HOLE} reads as zeroes for sure; {@link Extent.Kind#DATA} may be anything. The runs
   * are a snapshot: a concurrent write may turn a hole into data.
   *
   * @throws IOException when the medium failed
   */
  void extents(long offset, long length, ExtentVisitor visitor) throws IOException;

  /** Whether calls can take longer than a local disk does. */
  default Latency latency() {
    return Latency.LOCAL;
  }

  /** Lets go of the medium without flushing. Later calls fail. May be called twice. */
  @Override
  void close() throws IOException;

  /** Whether {@link #zero} may release storage. */
  enum Holes {
    /** Storage may be released. */
    ALLOWED,
    /** Storage stays allocated, so that later writes cannot run out of space. */
    FORBIDDEN
  }

  /** What a call may have to wait for. */
  enum Latency {
    /** Memory: a call never leaves the processor; serving it in place is fastest. */
    MEMORY,
    /** A local disk. */
    LOCAL,
    /** A network or another party: calls may take long and should run side by side. */
    REMOTE
  }

  /** Receives the runs of {@link Backend#extents}. */
  @FunctionalInterface
  interface ExtentVisitor {
    /** Called for each run in ascending order; throwing ends the walk. */
    void visit(long offset, long length, Extent.Kind kind) throws IOException;
  }
}
