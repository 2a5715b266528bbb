package dev.godwit.nbd;

import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One request of a client, from its header to its reply. The caller that made it waits; the thread
 * that reads replies fills it in.
 */
final class ClientRequest implements SendQueue.Message {
  private static final int FIRST_RUNS = 16;

  private final int type;
  private final long cookie;
  private final long offset;
  private final long count;
  private final ByteBuffer[] buffers;

  /** Where a READ's data goes, position at its first byte. */
  private final @Nullable ByteBuffer dst;

  private final CountDownLatch complete = new CountDownLatch(1);

  private long placed;
  private long[] runs = new long[0];
  private int runCount;
  private @Nullable IOException failure;

  private ClientRequest(
      int type,
      int flags,
      long cookie,
      long offset,
      long count,
      @Nullable ByteBuffer dst,
      ByteBuffer[] buffers) {
    this.type = type;
    this.cookie = cookie;
    this.offset = offset;
    this.count = count;
    this.dst = dst;
    this.buffers = buffers;
    buffers[0] =
        ByteBuffer.allocate(Protocol.REQUEST_BYTES)
            .putInt(Protocol.REQUEST_MAGIC)
            .putShort((short) flags)
            .putShort((short) type)
            .putLong(cookie)
            .putLong(offset)
            .putInt((int) count)
            .flip();
  }

  static ClientRequest read(long cookie, long offset, ByteBuffer dst) {
    return new ClientRequest(
        Protocol.CMD_READ, 0, cookie, offset, dst.remaining(), dst, new ByteBuffer[1]);
  }

  static ClientRequest write(long cookie, long offset, ByteBuffer src) {
    ByteBuffer[] buffers = new ByteBuffer[2];
    buffers[1] = src;
    return new ClientRequest(Protocol.CMD_WRITE, 0, cookie, offset, src.remaining(), null, buffers);
  }

  /** A request without data. */
  static ClientRequest plain(int type, int flags, long cookie, long offset, long count) {
    return new ClientRequest(type, flags, cookie, offset, count, null, new ByteBuffer[1]);
  }

  int type() {
    return type;
  }

  long cookie() {
    return cookie;
  }

  long offset() {
    return offset;
  }

  long count() {
    return count;
  }

  @Override
  public ByteBuffer[] buffers() {
    return buffers;
  }

  @Override
  public void settled(@Nullable IOException sendFailure) {
    // When sending failed the connection is closed and the reader ends all requests.
  }

  /**
   * Where a piece of the reply's data belongs.
   *
   * @throws ProtocolException when it is no part of what was asked for
   */
  ByteBuffer place(long at, long length) throws ProtocolException {
    if (dst == null
        || at < offset
        || length < 0
        || length > count
        || at - offset > count - length
        || placed > count - length) {
      throw new ProtocolException("data at " + at + "+" + length + " in a reply to " + this);
    }
    placed += length;
    return dst.slice(dst.position() + (int) (at - offset), (int) length);
  }

  /** A run of the status. */
  void run(long length, int state) {
    if (runs.length < 2 * runCount + 2) {
      runs = Arrays.copyOf(runs, Math.max(2 * FIRST_RUNS, 2 * runs.length));
    }
    runs[2 * runCount] = length;
    runs[2 * runCount + 1] = state;
    runCount++;
  }

  int runCount() {
    return runCount;
  }

  long runLength(int index) {
    return runs[2 * index];
  }

  int runState(int index) {
    return (int) runs[2 * index + 1];
  }

  /** The server's error; the first one counts. */
  void failed(NbdError error, String text) {
    if (failure == null) {
      failure =
          new NbdException(
              error, "the NBD server answers " + this + " with " + error + sayMore(text));
    }
  }

  private static String sayMore(String text) {
    return text.isEmpty() ? "" : ": " + text;
  }

  /** The reply is complete. */
  void complete() {
    if (failure == null && type == Protocol.CMD_READ && placed != count) {
      failure = new ProtocolException("only " + placed + " bytes in the reply to " + this);
    } else if (failure == null && type == Protocol.CMD_BLOCK_STATUS && runCount == 0) {
      failure = new ProtocolException("no status in the reply to " + this);
    }
    complete.countDown();
  }

  /** There will be no reply. */
  void lost(IOException reason) {
    failure = reason;
    complete.countDown();
  }

  /**
   * Waits for the reply. An interrupt is kept for later: until the reply is there the buffers are
   * in use.
   *
   * @return whether it came in time
   */
  boolean await(Duration limit) {
    boolean interrupted = false;
    long deadline = System.nanoTime() + limit.toNanos();
    try {
      while (true) {
        try {
          return complete.await(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** What went wrong, once the reply is complete. */
  @Nullable IOException failure() {
    return failure;
  }

  @Override
  public String toString() {
    return Protocol.commandName(type) + " at offset " + offset + ", " + count + " bytes";
  }
}
