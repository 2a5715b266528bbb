package dev.godwit.tls;

import dev.godwit.stream.ByteStream;
import dev.godwit.stream.Connection.Urgency;
import dev.godwit.stream.PooledBuffer;
import dev.godwit.stream.StreamResetException;
import dev.godwit.stream.StreamWait;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A multiplexed stream as a blocking {@link ByteStream}. A reader that wants many bytes lends its
 * buffer to the event loop, which puts there what it decrypts; what nobody waits for goes into a
 * queue, bounded by the credit that the peer has. Writes go to the event loop, at most {@value
 * #WRITE_HIGH} bytes ahead of what the connection has taken.
 */
final class TlsByteStream implements ByteStream {
  /** So many bytes wake the reader of a bulk stream before everything that came was looked at. */
  private static final int READ_BATCH = 128 * 1024;

  /** Reading this much is worth telling the event loop. */
  private static final int CONSUMED_STEP = 64 * 1024;

  /** Smaller parts are copied together, so that each does not hold a whole record in memory. */
  private static final int RETAINED = 8 * 1024;

  private static final int WRITE_HIGH = 512 * 1024;
  private static final int WRITE_LOW = 256 * 1024;

  /** Most bytes that are copied in one piece. */
  private static final int WRITE_PIECE = 256 * 1024;

  private final Multiplexer multiplexer;
  private final MuxStream stream;
  private final Urgency urgency;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition readable = lock.newCondition();
  private final Condition writable = lock.newCondition();
  private final Deque<ByteBuf> received = new ArrayDeque<>();
  private int receivedBytes;

  /** The buffer of a reader that waits until it is full. */
  private @Nullable ByteBuffer lent;

  /** What was read and not told to the event loop yet. */
  private int consumed;

  private boolean ended;
  private boolean finished;
  private boolean closed;
  private boolean letGo;
  private int resetCode = -1;
  private @Nullable String gone;
  private final StreamWait wait = new StreamWait(() -> resetCode, () -> gone);
  private long unsentBytes;

  /** Grows with every byte that the connection took. */
  private long sentBytes;

  private volatile Duration timeout = Duration.ZERO;

  TlsByteStream(Multiplexer multiplexer, MuxStream stream, Urgency urgency) {
    this.multiplexer = multiplexer;
    this.stream = stream;
    this.urgency = urgency;
  }

  // Event loop.

  /**
   * Takes bytes in.
   *
   * @return how many of them need no room any more
   */
  int offer(ByteBuf part) {
    lock.lock();
    try {
      if (resetCode >= 0 || closed) {
        return 0;
      }
      int straight = fillLent(part);
      if (part.isReadable()) {
        enqueue(part);
        if (urgency == Urgency.DEMAND || receivedBytes >= READ_BATCH) {
          readable.signal();
        }
      }
      return straight;
    } finally {
      lock.unlock();
    }
  }

  private int fillLent(ByteBuf part) {
    ByteBuffer buffer = lent;
    if (buffer == null || !received.isEmpty()) {
      return 0;
    }
    int count = Math.min(buffer.remaining(), part.readableBytes());
    move(part, buffer, count);
    if (!buffer.hasRemaining()) {
      readable.signal();
    }
    return count;
  }

  private static void move(ByteBuf from, ByteBuffer to, int count) {
    int limit = to.limit();
    to.limit(to.position() + count);
    from.readBytes(to);
    to.limit(limit);
  }

  private void enqueue(ByteBuf part) {
    int count = part.readableBytes();
    receivedBytes += count;
    if (count >= RETAINED) {
      received.add(part.retainedSlice());
      return;
    }
    ByteBuf last = received.peekLast();
    if (last == null || last.maxWritableBytes() < count) {
      last = multiplexer.allocator().directBuffer(RETAINED, RETAINED);
      received.add(last);
    }
    last.writeBytes(part, part.readerIndex(), count);
  }

  /** Everything that came together was taken in. */
  void readComplete() {
    lock.lock();
    try {
      if (receivedBytes > 0) {
        readable.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  /** The peer has finished. */
  void ended() {
    lock.lock();
    try {
      ended = true;
      readable.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Either side abandoned the stream; the first code stays. */
  void becomeReset(int code) {
    lock.lock();
    try {
      if (resetCode < 0) {
        resetCode = code;
      }
      dropReceived();
      readable.signalAll();
      writable.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void dropReceived() {
    for (ByteBuf bytes : received) {
      bytes.release();
    }
    received.clear();
    receivedBytes = 0;
  }

  /** The connection is gone. What came before may still be read. */
  void breakOff(String reason) {
    lock.lock();
    try {
      if (gone == null) {
        gone = reason;
      }
      readable.signalAll();
      writable.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** The connection has taken bytes of ours. */
  void sent(int count) {
    lock.lock();
    try {
      unsentBytes -= count;
      sentBytes += count;
      if (unsentBytes < WRITE_LOW) {
        writable.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  // Callers.

  @Override
  public int read(ByteBuffer dst) throws IOException {
    if (!dst.hasRemaining()) {
      return 0;
    }
    return awaitReceived() ? take(dst) : -1;
  }

  @Override
  public void readFully(ByteBuffer dst) throws IOException {
    while (dst.hasRemaining()) {
      boolean more = lend(dst);
      if (more) {
        int _ = take(dst);
      } else if (dst.hasRemaining()) {
        throw new EOFException("stream ended with " + dst.remaining() + " bytes missing");
      }
    }
  }

  /** Waits until something is in the queue, or the end; false when nothing is left. */
  private boolean awaitReceived() throws IOException {
    lock.lock();
    try {
      wait.until(readable, "read", timeout, () -> receivedBytes > 0 || ended);
      return receivedBytes > 0;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Lets the event loop fill {@code dst}, unless something is in the queue. False at the end of the
   * stream.
   */
  private boolean lend(ByteBuffer dst) throws IOException {
    lock.lock();
    try {
      if (receivedBytes > 0) {
        return true;
      }
      lent = dst;
      try {
        wait.until(
            readable,
            "read",
            timeout,
            () -> !dst.hasRemaining() || receivedBytes > 0 || ended,
            dst::position);
      } finally {
        lent = null;
      }
      return !dst.hasRemaining() || receivedBytes > 0;
    } finally {
      lock.unlock();
    }
  }

  /** Copies from the queue what is there and fits; without the lock, which the event loop needs. */
  private int take(ByteBuffer dst) {
    int count = 0;
    while (dst.hasRemaining()) {
      @Nullable ByteBuf first = next();
      if (first == null) {
        break;
      }
      int part = Math.min(dst.remaining(), first.readableBytes());
      move(first, dst, part);
      count += part;
      putBack(first, part);
    }
    return count;
  }

  private @Nullable ByteBuf next() {
    lock.lock();
    try {
      return received.poll();
    } finally {
      lock.unlock();
    }
  }

  private void putBack(ByteBuf bytes, int taken) {
    boolean keep = false;
    int tell = 0;
    lock.lock();
    try {
      if (resetCode < 0 && !closed) {
        keep = bytes.isReadable();
        if (keep) {
          received.addFirst(bytes);
        }
        receivedBytes -= taken;
        consumed += taken;
        if (consumed >= CONSUMED_STEP) {
          tell = consumed;
          consumed = 0;
        }
      }
    } finally {
      lock.unlock();
    }
    if (!keep) {
      bytes.release();
    }
    if (tell > 0) {
      int count = tell;
      boolean _ = multiplexer.execute(() -> multiplexer.consumed(stream, count));
    }
  }

  @Override
  public void write(ByteBuffer... srcs) throws IOException {
    long left = 0;
    for (ByteBuffer src : srcs) {
      left += src.remaining();
    }
    int next = 0;
    while (left > 0) {
      awaitWritable();
      int count = (int) Math.min(left, WRITE_PIECE);
      ByteBuf piece = multiplexer.allocator().directBuffer(count, count);
      while (piece.isWritable()) {
        ByteBuffer src = srcs[next];
        int limit = src.limit();
        src.limit(src.position() + Math.min(src.remaining(), piece.writableBytes()));
        piece.writeBytes(src);
        src.limit(limit);
        if (!src.hasRemaining()) {
          next++;
        }
      }
      left -= count;
      submit(new Outgoing(piece, null), count);
    }
  }

  @Override
  public void send(PooledBuffer buffer) throws IOException {
    int count = buffer.bytes().remaining();
    if (count == 0) {
      buffer.close();
      return;
    }
    try {
      awaitWritable();
    } catch (IOException e) {
      buffer.close();
      throw e;
    }
    submit(new Outgoing(Unpooled.wrappedBuffer(buffer.bytes()), buffer), count);
  }

  private void awaitWritable() throws IOException {
    lock.lock();
    try {
      wait.until(
          writable, "write", timeout, () -> unsentBytes < WRITE_HIGH || finished, () -> sentBytes);
      if (finished) {
        throw new IOException("this direction is finished");
      }
      String reason = gone;
      if (reason != null) {
        throw new IOException(reason);
      }
    } finally {
      lock.unlock();
    }
  }

  private void submit(Outgoing outgoing, int count) {
    lock.lock();
    try {
      unsentBytes += count;
    } finally {
      lock.unlock();
    }
    if (!multiplexer.execute(() -> multiplexer.submit(stream, outgoing))) {
      outgoing.discard();
    }
  }

  @Override
  public void finish() throws IOException {
    lock.lock();
    try {
      if (resetCode >= 0) {
        throw new StreamResetException(resetCode);
      }
      if (finished) {
        return;
      }
      if (gone != null) {
        throw new IOException(gone);
      }
      finished = true;
      writable.signalAll();
    } finally {
      lock.unlock();
    }
    boolean _ = multiplexer.execute(() -> multiplexer.finish(stream));
  }

  @Override
  public void reset(int code) {
    if (code < 0 || code > Frames.MAX_CODE) {
      throw new IllegalArgumentException("reset code " + code);
    }
    letGo();
    lock.lock();
    try {
      if (resetCode >= 0 || (ended && finished)) {
        return;
      }
    } finally {
      lock.unlock();
    }
    becomeReset(code);
    boolean _ = multiplexer.execute(() -> multiplexer.reset(stream, code));
  }

  private void letGo() {
    lock.lock();
    try {
      if (letGo) {
        return;
      }
      letGo = true;
    } finally {
      lock.unlock();
    }
    multiplexer.letGo(stream.origin());
  }

  @Override
  public void timeout(Duration timeout) {
    if (timeout.isNegative()) {
      throw new IllegalArgumentException("timeout " + timeout);
    }
    this.timeout = timeout;
  }

  @Override
  public void close() {
    reset(0);
    lock.lock();
    try {
      closed = true;
      dropReceived();
    } finally {
      lock.unlock();
    }
  }
}
