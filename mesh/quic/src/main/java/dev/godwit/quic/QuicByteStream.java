package dev.godwit.quic;

import dev.godwit.stream.ByteStream;
import dev.godwit.stream.PooledBuffer;
import dev.godwit.stream.StreamResetException;
import dev.godwit.stream.StreamTimeoutException;
import dev.godwit.stream.StreamWait;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.handler.codec.quic.DefaultQuicStreamFrame;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.codec.quic.QuicStreamFrame;
import io.netty.handler.codec.quic.QuicStreamResetException;
import io.netty.util.UncheckedBooleanSupplier;
import io.netty.util.concurrent.Future;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A QUIC stream as a blocking {@link ByteStream}. A reader that wants many bytes lends its buffer
 * to the event loop, which receives right into it (decision 009); what nobody waits for goes into a
 * queue, and the event loop stops reading while that holds {@value #READ_HIGH} bytes, which stops
 * the peer by flow control. Packets that come together are read together (decision 010). Writes go
 * to the event loop, at most {@value #WRITE_HIGH} bytes ahead of what it has taken.
 */
final class QuicByteStream extends ChannelInboundHandlerAdapter implements ByteStream {
  private static final int READ_HIGH = 4 << 20;
  private static final int READ_LOW = 1 << 20;
  private static final int READ_BATCH = 128 * 1024;

  /** Below this a loan is not worth its bookkeeping. */
  private static final int LOAN = 4 * 1024;

  /** Most bytes in one buffer of the queue. */
  private static final int STREAM_READ = 256 * 1024;

  private static final int WRITE_HIGH = 512 * 1024;
  private static final int WRITE_LOW = 256 * 1024;

  /** The last byte of a direction, which is no data: it carries the end (decision 015). */
  private static final ByteBuf TRAILER =
      Unpooled.unreleasableBuffer(Unpooled.wrappedBuffer(new byte[1])).asReadOnly();

  /** How long a failed write waits to learn the code of the reset that made it fail. */
  private static final Duration RESET_CODE = Duration.ofSeconds(1);

  private final QuicStreamChannel channel;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition readable = lock.newCondition();
  private final Condition writable = lock.newCondition();
  private final Condition unborrowed = lock.newCondition();
  private final ArrayDeque<ByteBuf> received = new ArrayDeque<>();
  private int receivedBytes;
  private int wanted = 1;

  /** The buffer of a reader that waits until it is full. */
  private @Nullable ByteBuffer lent;

  /** Whether the event loop receives into {@link #lent} right now. */
  private boolean borrowed;

  private boolean paused;
  private boolean ended;
  private boolean finished;
  private boolean stopped;
  private boolean closed;
  private int resetCode = -1;
  private @Nullable String gone;
  private final StreamWait wait = new StreamWait(() -> resetCode, () -> gone);
  private int unsentBytes;

  /** Grows with every byte that the event loop took. */
  private long sentBytes;

  /** Reads again, once everything that came with the last packets was taken in. */
  private final Runnable readAgain;

  /** Whether {@link #readAgain} is about to run. Event loop only. */
  private boolean readsAgain;

  private volatile Duration timeout = Duration.ZERO;

  private QuicByteStream(QuicStreamChannel channel) {
    this.channel = channel;
    this.readAgain =
        () -> {
          readsAgain = false;
          channel.read();
        };
  }

  /** Makes the stream of a channel that is being set up. */
  static QuicByteStream on(QuicStreamChannel channel) {
    QuicByteStream stream = new QuicByteStream(channel);
    RecvByteBufAllocator usual = new AdaptiveRecvByteBufAllocator(4096, 32 * 1024, STREAM_READ);
    // A frame says whether its last byte is the trailer.
    channel.config().setReadFrames(true);
    channel
        .config()
        .setRecvByteBufAllocator(
            () -> stream.new Receiver((RecvByteBufAllocator.ExtendedHandle) usual.newHandle()));
    channel.pipeline().addLast(stream);
    return stream;
  }

  // Event loop.

  /** Says where received bytes go: into a lent buffer, or into one for the queue. */
  private final class Receiver extends RecvByteBufAllocator.DelegatingHandle
      implements RecvByteBufAllocator.ExtendedHandle {
    private final RecvByteBufAllocator.ExtendedHandle usual;

    Receiver(RecvByteBufAllocator.ExtendedHandle usual) {
      super(usual);
      this.usual = usual;
    }

    @Override
    public ByteBuf allocate(ByteBufAllocator allocator) {
      ByteBuf loan = borrow();
      return loan == null ? usual.allocate(allocator) : loan;
    }

    @Override
    public void readComplete() {
      boolean _ = giveBack(0);
      usual.readComplete();
    }

    @Override
    public boolean continueReading(UncheckedBooleanSupplier maybeMore) {
      return usual.continueReading(maybeMore);
    }
  }

  private @Nullable ByteBuf borrow() {
    lock.lock();
    try {
      ByteBuffer buffer = lent;
      if (buffer == null || !buffer.hasRemaining() || !received.isEmpty()) {
        return null;
      }
      borrowed = true;
      return Unpooled.wrappedBuffer(buffer.slice()).clear();
    } finally {
      lock.unlock();
    }
  }

  /** So many bytes are in the reader's buffer; false when none was borrowed. */
  private boolean giveBack(int bytes) {
    lock.lock();
    try {
      ByteBuffer buffer = lent;
      if (!borrowed || buffer == null) {
        return false;
      }
      borrowed = false;
      buffer.position(buffer.position() + bytes);
      if (!buffer.hasRemaining()) {
        readable.signal();
      }
      unborrowed.signal();
      return true;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    context.read();
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    QuicStreamFrame frame = (QuicStreamFrame) message;
    ByteBuf bytes = frame.content();
    if (frame.hasFin()) {
      if (!bytes.isReadable()) {
        bytes.release();
        breakOff("the peer ended the stream without the trailer");
        return;
      }
      bytes.writerIndex(bytes.writerIndex() - 1);
    }
    if (giveBack(bytes.readableBytes())) {
      bytes.release();
    } else {
      keep(bytes);
    }
    if (frame.hasFin()) {
      end();
    }
  }

  private void keep(ByteBuf bytes) {
    lock.lock();
    try {
      if (resetCode >= 0 || closed || !bytes.isReadable()) {
        bytes.release();
        return;
      }
      received.add(bytes);
      receivedBytes += bytes.readableBytes();
    } finally {
      lock.unlock();
    }
  }

  private void end() {
    lock.lock();
    try {
      ended = true;
      readable.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    lock.lock();
    try {
      // Once for everything that came, and only when it is enough for the reader to go on: waking
      // it costs more than a packet.
      if (receivedBytes >= wanted) {
        readable.signal();
      }
      paused = receivedBytes >= READ_HIGH;
      if (paused) {
        return;
      }
    } finally {
      lock.unlock();
    }
    // The first packet after a silence is read at once. Those that are already in the socket are
    // taken in before the next read, which then finds the bytes of all of them: reading each by
    // itself costs the event loop more than decrypting it.
    if (!readsAgain) {
      readsAgain = true;
      context.channel().eventLoop().execute(readAgain);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    if (cause instanceof QuicStreamResetException reset) {
      becomeReset((int) reset.applicationProtocolCode());
      var _ = channel.shutdown((int) reset.applicationProtocolCode(), channel.newPromise());
    } else {
      breakOff(String.valueOf(cause.getMessage()));
      var _ = context.close();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    lock.lock();
    try {
      if (!ended && gone == null) {
        gone = "the connection is gone";
      }
      readable.signalAll();
      writable.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void breakOff(String reason) {
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

  private void becomeReset(int code) {
    lock.lock();
    try {
      if (resetCode < 0) {
        resetCode = code;
      }
      for (ByteBuf bytes : received) {
        bytes.release();
      }
      received.clear();
      receivedBytes = 0;
      readable.signalAll();
      writable.signalAll();
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
    return awaitReceived(1) ? take(dst) : -1;
  }

  @Override
  public void readFully(ByteBuffer dst) throws IOException {
    while (dst.hasRemaining()) {
      boolean more =
          (dst.isDirect() && dst.remaining() >= LOAN)
              ? lend(dst)
              : awaitReceived(Math.min(dst.remaining(), READ_BATCH));
      if (more) {
        int _ = take(dst);
      } else if (dst.hasRemaining()) {
        throw new EOFException("stream ended with " + dst.remaining() + " bytes missing");
      }
    }
  }

  /** Waits until {@code atLeast} bytes are in the queue, or the end; false when nothing is left. */
  private boolean awaitReceived(int atLeast) throws IOException {
    lock.lock();
    try {
      wanted = atLeast;
      wait.until(readable, "read", timeout, () -> receivedBytes >= atLeast || ended, this::arrived);
      return !received.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  private long arrived() {
    return receivedBytes;
  }

  /**
   * Lets the event loop fill {@code dst}, unless something is in the queue. False at the end of the
   * stream.
   */
  private boolean lend(ByteBuffer dst) throws IOException {
    lock.lock();
    try {
      if (!received.isEmpty()) {
        return true;
      }
      wanted = 1;
      lent = dst;
      try {
        wait.until(
            readable,
            "read",
            timeout,
            () -> !dst.hasRemaining() || ended || !received.isEmpty(),
            dst::position);
      } finally {
        // The event loop gives it back within microseconds; before that dst is not the caller's.
        while (borrowed) {
          unborrowed.awaitUninterruptibly();
        }
        lent = null;
      }
      return !dst.hasRemaining() || !received.isEmpty();
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
      int limit = dst.limit();
      dst.limit(dst.position() + part);
      first.readBytes(dst);
      dst.limit(limit);
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
    boolean resume = false;
    boolean keep = false;
    lock.lock();
    try {
      if (resetCode < 0 && !closed) {
        keep = bytes.isReadable();
        if (keep) {
          received.addFirst(bytes);
        }
        receivedBytes -= taken;
        resume = paused && receivedBytes < READ_LOW;
        if (resume) {
          paused = false;
        }
      }
    } finally {
      lock.unlock();
    }
    if (!keep) {
      bytes.release();
    }
    if (resume) {
      channel.read();
    }
  }

  @Override
  public void write(ByteBuffer... srcs) throws IOException {
    int bytes = 0;
    for (ByteBuffer src : srcs) {
      bytes = Math.addExact(bytes, src.remaining());
    }
    if (bytes == 0) {
      return;
    }
    ByteBuf copy = channel.alloc().directBuffer(bytes);
    for (ByteBuffer src : srcs) {
      copy.writeBytes(src);
    }
    submit(copy, bytes, null);
  }

  @Override
  public void send(PooledBuffer buffer) throws IOException {
    submit(Unpooled.wrappedBuffer(buffer.bytes()), buffer.bytes().remaining(), buffer);
  }

  private void submit(ByteBuf bytes, int length, @Nullable PooledBuffer owner) throws IOException {
    lock.lock();
    try {
      wait.until(
          writable,
          "write",
          timeout,
          () -> unsentBytes < WRITE_HIGH || finished || stopped,
          () -> sentBytes);
      if (finished) {
        throw new IOException("this direction is finished");
      }
      if (!stopped) {
        unsentBytes += length;
      }
    } catch (IOException e) {
      bytes.release();
      if (owner != null) {
        owner.close();
      }
      throw e;
    } finally {
      lock.unlock();
    }
    if (stopped) {
      bytes.release();
      if (owner != null) {
        owner.close();
      }
      throw resetByPeer();
    }
    channel.writeAndFlush(bytes).addListener(sent -> sent(sent, length, owner));
  }

  private void sent(Future<?> sent, int length, @Nullable PooledBuffer owner) {
    if (owner != null) {
      owner.close();
    }
    lock.lock();
    try {
      unsentBytes -= length;
      sentBytes += length;
      if (!sent.isSuccess()) {
        stopped = true;
      }
      if (unsentBytes < WRITE_LOW || stopped) {
        writable.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** The peer wants nothing more; why is in its reset, which is read like data. */
  private IOException resetByPeer() {
    channel.read();
    lock.lock();
    try {
      wait.until(readable, "reset", RESET_CODE, () -> false);
      throw new IllegalStateException("waited for nothing");
    } catch (StreamTimeoutException e) {
      return (IOException) new StreamResetException(0).initCause(e);
    } catch (IOException e) {
      return e;
    } finally {
      lock.unlock();
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
    var _ =
        channel.writeAndFlush(
            new DefaultQuicStreamFrame(TRAILER.retainedDuplicate(), true), channel.voidPromise());
  }

  @Override
  public void reset(int code) {
    lock.lock();
    try {
      if (resetCode >= 0 || (ended && finished)) {
        return;
      }
    } finally {
      lock.unlock();
    }
    becomeReset(code);
    var _ = channel.shutdown(code, channel.newPromise());
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
      for (ByteBuf bytes : received) {
        bytes.release();
      }
      received.clear();
    } finally {
      lock.unlock();
    }
  }
}
