package dev.godwit.backend;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A part of a backend, for example of a mount, as a {@link ByteBuffer}: what a mapping is for,
 * without page faults. The bytes are a copy; {@link #load} fetches them, {@link #store} brings back
 * what was changed in the buffer. So no thread ever waits inside an access to memory, which could
 * stop the whole virtual machine when it serves that memory itself (see {@link BackendChannel}).
 *
 * <p>For one thread.
 */
public final class BackendWindow {
  /** What is compared and stored at a time, bytes. */
  private static final int PIECE = 4096;

  private final Backend backend;
  private final long offset;
  private final ByteBuffer bytes;
  private final ByteBuffer stored;

  private BackendWindow(Backend backend, long offset, int length) {
    this.backend = backend;
    this.offset = offset;
    this.bytes = ByteBuffer.allocateDirect(length);
    this.stored = ByteBuffer.allocateDirect(length);
  }

  /**
   * Loads a part.
   *
   * @param length bytes, not negative; twice as many are allocated outside the heap
   * @throws OutOfRangeException when the part is not inside the backend
   * @throws IOException when it cannot be read
   */
  public static BackendWindow open(Backend backend, long offset, int length) throws IOException {
    OutOfRangeException.check(offset, length, backend.size());
    BackendWindow window = new BackendWindow(backend, offset, length);
    window.load();
    return window;
  }

  /**
   * The bytes, to be read and changed. Always the same buffer; its position and limit are the
   * caller's.
   */
  public ByteBuffer bytes() {
    return bytes;
  }

  /**
   * Fetches the bytes anew; what was changed and not stored is lost.
   *
   * @throws IOException when they cannot be read; the buffer then holds anything
   */
  public void load() throws IOException {
    backend.read(stored.clear(), offset);
    bytes.duplicate().clear().put(stored.clear());
  }

  /**
   * Brings back what was changed.
   *
   * @return how many bytes were written
   * @throws IOException when that failed; it may be called again
   */
  public int store() throws IOException {
    int written = 0;
    for (int from = 0; from < bytes.capacity(); from += PIECE) {
      int length = Math.min(PIECE, bytes.capacity() - from);
      ByteBuffer now = bytes.slice(from, length);
      if (now.mismatch(stored.slice(from, length)) >= 0) {
        backend.write(now, offset + from);
        stored.slice(from, length).put(now.rewind());
        written += length;
      }
    }
    return written;
  }

  /**
   * {@link #store}, and makes it durable as {@link Backend#flush} promises.
   *
   * @throws IOException when that could not be confirmed
   */
  public void force() throws IOException {
    int _ = store();
    backend.flush();
  }
}
