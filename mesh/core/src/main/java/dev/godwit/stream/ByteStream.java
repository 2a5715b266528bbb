package dev.godwit.stream;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;

/**
 * A reliable ordered byte stream between two authenticated nodes, or between a node and a local
 * program.
 *
 * <p><b>Two directions.</b> Each direction ends on its own. {@link #finish()} ends ours: the peer
 * reads everything written before it and then the end ({@code -1}). The peer's direction stays open
 * until the peer finishes it.
 *
 * <p><b>Reset.</b> {@link #reset(int)} abandons both directions at once. Bytes in flight may be
 * lost. The peer's blocked and later reads and writes throw {@link StreamResetException} with the
 * code; so do ours, with our own code.
 *
 * <p><b>Back-pressure.</b> {@link #write} blocks while the transport holds as many unsent bytes as
 * it is willing to buffer. A reader that stops reading therefore stops the writer, after a bounded
 * number of bytes. Nothing is ever dropped to make room.
 *
 * <p><b>Deadlines.</b> A read or write that makes no progress for {@link #timeout(Duration)} throws
 * {@link StreamTimeoutException} and leaves the stream usable. Without a timeout the wait still
 * ends when the connection below dies, which every transport notices by its own keep-alive.
 *
 * <p><b>Threads.</b> One thread may read while another writes. Two concurrent readers, or two
 * concurrent writers, must exclude each other themselves. {@link #finish}, {@link #reset} and
 * {@link #close} may be called by any thread at any time and wake the others.
 */
public interface ByteStream extends Closeable {

  /**
   * Reads at least one byte into {@code dst}, waiting for it if need be.
   *
   * @return the number of bytes read, or {@code -1} once the peer has finished and everything has
   *     been read; {@code 0} only if {@code dst} has no room
   * @throws StreamResetException when either side reset the stream
   * @throws StreamTimeoutException when nothing came within the timeout
   * @throws IOException when the connection below is gone
   */
  int read(ByteBuffer dst) throws IOException;

  /**
   * Writes all remaining bytes of all buffers, in order. On return the buffers may be used again;
   * the bytes are on their way but not necessarily received.
   *
   * @throws StreamResetException when either side reset the stream
   * @throws StreamTimeoutException when the peer took nothing for the whole timeout; how much was
   *     written is then unknown, so the stream is good for {@link #reset} only
   * @throws IOException when the connection is gone or our direction is finished
   */
  void write(ByteBuffer... srcs) throws IOException;

  /**
   * Writes the remaining bytes of a pooled buffer and takes it over: the stream releases it when
   * the bytes have left, or at once when this throws. A transport that can send from the buffer
   * itself does not copy.
   *
   * @throws IOException as {@link #write}
   */
  default void send(PooledBuffer buffer) throws IOException {
    try (buffer) {
      write(buffer.bytes());
    }
  }

  /**
   * Ends our direction after everything written so far. Does nothing when already finished.
   *
   * @throws IOException when the stream was reset or the connection is gone
   */
  void finish() throws IOException;

  /**
   * Abandons both directions. Does nothing when the stream has already ended in both.
   *
   * @param code an application error code, 0 to 2^30, that the peer sees
   */
  void reset(int code);

  /**
   * Sets how long one read or write may wait without progress.
   *
   * @param timeout a positive duration, or {@link Duration#ZERO} for no bound of its own
   */
  void timeout(Duration timeout);

  /**
   * Lets go of the stream: resets it with code 0 unless both directions have ended. Never blocks on
   * the peer; may be called twice.
   */
  @Override
  void close();

  /**
   * Reads until {@code dst} is full.
   *
   * @throws java.io.EOFException when the stream ends first
   * @throws IOException as {@link #read}
   */
  default void readFully(ByteBuffer dst) throws IOException {
    while (dst.hasRemaining()) {
      if (read(dst) < 0) {
        throw new EOFException("stream ended with " + dst.remaining() + " bytes missing");
      }
    }
  }
}
