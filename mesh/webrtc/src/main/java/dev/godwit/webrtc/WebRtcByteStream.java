package dev.godwit.webrtc;

import dev.godwit.stream.BufferPool;
import dev.godwit.stream.ByteStream;
import dev.godwit.stream.PooledBuffer;
import dev.godwit.stream.StreamResetException;
import dev.godwit.stream.StreamWait;
import dev.godwit.webrtc.StreamMessage.Data;
import dev.godwit.webrtc.StreamMessage.Fin;
import dev.godwit.webrtc.StreamMessage.FinAck;
import dev.godwit.webrtc.StreamMessage.Reset;
import dev.godwit.webrtc.StreamMessage.Window;
import dev.godwit.webrtc.WindowGrowth.RoundTrips;
import dev.godwit.webrtc.bridge.BridgeCost;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A stream on a data channel as a {@link ByteStream}. {@link StreamState} decides what may be sent
 * and what that which came means; this adds the threads, the bytes, and the room that the WebRTC
 * process has for the channel.
 */
final class WebRtcByteStream implements ByteStream {
  private static final int SMALL = 2048;

  /** Buffers for messages, and for what waits for a reader, shared by all connections. */
  record Pools(BufferPool small, BufferPool large) {
    Pools() {
      this(new BufferPool(SMALL, 512), new BufferPool(StreamMessage.MAX_MESSAGE, 128));
    }

    PooledBuffer take(int bytes) {
      return bytes <= small.capacity() ? small.take() : large.take();
    }
  }

  /** What a stream needs from its connection. None of it blocks. */
  interface Channel {
    /** Has the channel opened, unless it was the peer who did. */
    void open();

    /** Sends a message. */
    void send(ByteBuffer message, @Nullable PooledBuffer owner);

    /** What was sent and has not left the WebRTC process, as a {@link BridgeCost}. */
    long unsent();

    /** What is known of the path; null when that is nothing. */
    @Nullable RoundTrips roundTrips();

    /** Finds out how long a round trip takes now, unless that is under way. */
    void measure();

    /** The stream is over: the channel is for the next one. */
    void release();
  }

  private final Channel channel;
  private final Pools pools;
  private final WindowBudget budget;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition readable = lock.newCondition();
  private final Condition writable = lock.newCondition();
  private final StreamState state = new StreamState();
  private final ArrayDeque<PooledBuffer> received = new ArrayDeque<>();

  /** What is to be sent when the channel is open; null once it is. */
  private @Nullable List<ByteBuffer> early;

  private boolean opening;
  private boolean released;
  private final WindowGrowth growth = new WindowGrowth();
  private int borrowed;
  private @Nullable String gone;
  private final StreamWait wait = new StreamWait(state::resetCode, () -> gone);
  private volatile Duration timeout = Duration.ZERO;

  private WebRtcByteStream(
      Channel channel, Pools pools, WindowBudget budget, @Nullable List<ByteBuffer> early) {
    this.channel = channel;
    this.pools = pools;
    this.budget = budget;
    this.early = early;
    this.opening = early == null;
  }

  /** A stream whose channel is opened with the first thing that is sent. */
  static WebRtcByteStream onNewChannel(Channel channel, Pools pools, WindowBudget budget) {
    return new WebRtcByteStream(channel, pools, budget, new ArrayList<>());
  }

  /** A stream whose channel is open, or is being opened for the peer. */
  static WebRtcByteStream onOpenChannel(Channel channel, Pools pools, WindowBudget budget) {
    return new WebRtcByteStream(channel, pools, budget, null);
  }

  // The thread that reads from the WebRTC process.

  void channelOpen() {
    lock.lock();
    try {
      List<ByteBuffer> waiting = early;
      early = null;
      if (waiting != null) {
        waiting.forEach(this::transmit);
      }
      writable.signalAll();
      releaseChannelIfOver();
    } finally {
      lock.unlock();
    }
  }

  /** Something has left the WebRTC process. */
  void sent() {
    lock.lock();
    try {
      writable.signalAll();
    } finally {
      lock.unlock();
    }
  }

  void message(ByteBuffer bytes) throws FramingException {
    StreamMessage message = StreamMessage.parse(bytes);
    lock.lock();
    try {
      switch (state.received(message)) {
        case DELIVER -> deliver(((Data) message).payload());
        case END -> {
          say(new FinAck());
          readable.signalAll();
        }
        case RESET_AND_SAY_SO -> {
          say(new Reset(state.resetCode()));
          becameReset();
        }
        case NONE -> writable.signalAll();
      }
      releaseChannelIfOver();
    } finally {
      lock.unlock();
    }
  }

  private void deliver(ByteBuffer payload) {
    while (payload.hasRemaining()) {
      PooledBuffer last = received.peekLast();
      if (last == null || last.bytes().limit() == last.bytes().capacity()) {
        last = pools.take(payload.remaining());
        last.bytes().limit(0);
        received.add(last);
      }
      ByteBuffer to = last.bytes();
      int part = Math.min(payload.remaining(), to.capacity() - to.limit());
      int end = to.limit();
      to.limit(end + part).put(end, payload, payload.position(), part);
      payload.position(payload.position() + part);
    }
    readable.signal();
  }

  void channelClosed() {
    lock.lock();
    try {
      released = true;
      if (state.channelClosed()) {
        becameReset();
      }
      giveWindowBack();
    } finally {
      lock.unlock();
    }
  }

  /** The connection is gone. */
  void breakOff(String reason) {
    lock.lock();
    try {
      if (gone == null) {
        gone = reason;
      }
      giveWindowBack();
      readable.signalAll();
      writable.signalAll();
    } finally {
      lock.unlock();
    }
  }

  // With the lock.

  private void giveWindowBack() {
    budget.giveBack(borrowed);
    borrowed = 0;
  }

  private void becameReset() {
    drop();
    readable.signalAll();
    writable.signalAll();
  }

  private void drop() {
    received.forEach(PooledBuffer::close);
    received.clear();
  }

  private void grant(int credit) {
    if (credit > 0) {
      say(new Window(credit));
    }
  }

  private void widen(int consumed) {
    RoundTrips path = channel.roundTrips();
    if (path == null || released) {
      return;
    }
    int more = growth.consumed(consumed, System.nanoTime(), path);
    if (more > 0 && budget.take(more)) {
      borrowed += more;
      grant(state.widen(more));
    }
    if (growth.isCurious(path)) {
      channel.measure();
    }
  }

  private void say(StreamMessage message) {
    openChannel();
    ByteBuffer bytes = StreamMessage.encode(message);
    if (early != null) {
      early.add(bytes);
    } else {
      transmit(bytes);
    }
  }

  private void openChannel() {
    if (!opening) {
      opening = true;
      channel.open();
    }
  }

  private void transmit(ByteBuffer message) {
    channel.send(message, null);
  }

  private void releaseChannelIfOver() {
    if (state.isOver() && early == null) {
      releaseChannel();
    }
  }

  private void releaseChannel() {
    if (!released) {
      released = true;
      giveWindowBack();
      channel.release();
    }
  }

  /** How many bytes may be sent now. */
  private int sendable() {
    if (early != null || channel.unsent() >= BridgeCost.ROOM) {
      return 0;
    }
    return (int) Math.min(state.sendable(), StreamMessage.MAX_PAYLOAD);
  }

  // Callers.

  @Override
  public int read(ByteBuffer dst) throws IOException {
    if (!dst.hasRemaining()) {
      return 0;
    }
    lock.lock();
    try {
      wait.until(readable, "read", timeout, () -> !received.isEmpty() || state.isEnded());
      int start = dst.position();
      while (dst.hasRemaining() && !received.isEmpty()) {
        PooledBuffer first = received.element();
        ByteBuffer from = first.bytes();
        int part = Math.min(dst.remaining(), from.remaining());
        dst.put(dst.position(), from, from.position(), part);
        dst.position(dst.position() + part);
        from.position(from.position() + part);
        if (!from.hasRemaining()) {
          received.remove();
          first.close();
        }
      }
      int count = dst.position() - start;
      if (count == 0) {
        return -1;
      }
      if (gone == null) {
        widen(count);
        grant(state.consumed(count));
      }
      return count;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void write(ByteBuffer... srcs) throws IOException {
    long unsent = 0;
    for (ByteBuffer src : srcs) {
      unsent += src.remaining();
    }
    int next = 0;
    while (unsent > 0) {
      int part = reserve(unsent);
      PooledBuffer message = pools.take(part + 1);
      ByteBuffer bytes = message.bytes();
      bytes.put(StreamMessage.DATA).limit(part + 1);
      while (bytes.hasRemaining()) {
        ByteBuffer src = srcs[next];
        int count = Math.min(src.remaining(), bytes.remaining());
        bytes.put(bytes.position(), src, src.position(), count);
        bytes.position(bytes.position() + count);
        src.position(src.position() + count);
        if (!src.hasRemaining()) {
          next++;
        }
      }
      submit(bytes.flip(), message);
      unsent -= part;
    }
  }

  /** Waits until something may be sent, and takes the right to do so. */
  private int reserve(long wanted) throws IOException {
    lock.lock();
    try {
      checkUnfinished();
      if (!state.isReset() && gone == null) {
        openChannel();
      }
      wait.until(writable, "write", timeout, () -> state.isFinished() || sendable() > 0);
      checkUnfinished();
      int part = (int) Math.min(wanted, sendable());
      state.sent(part);
      return part;
    } finally {
      lock.unlock();
    }
  }

  private void checkUnfinished() throws IOException {
    if (state.isFinished() && !state.isReset()) {
      throw new IOException("this direction is finished");
    }
  }

  /** The order of messages is decided with the lock held; nothing comes after an end. */
  private void submit(ByteBuffer message, PooledBuffer owner) throws IOException {
    lock.lock();
    try {
      if (gone == null && !state.isFinished() && !state.isReset()) {
        channel.send(message, owner);
        return;
      }
    } finally {
      lock.unlock();
    }
    owner.close();
    lock.lock();
    try {
      wait.until(writable, "write", timeout, () -> true);
      checkUnfinished();
      throw new IOException(String.valueOf(gone));
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void finish() throws IOException {
    lock.lock();
    try {
      if (state.isReset()) {
        throw new StreamResetException(state.resetCode());
      }
      if (state.isFinished()) {
        return;
      }
      if (gone != null) {
        throw new IOException(gone);
      }
      if (state.finish()) {
        say(new Fin());
      }
      writable.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void reset(int code) {
    if (code < 0 || code > StreamMessage.MAX_CODE) {
      throw new IllegalArgumentException("reset code " + code);
    }
    lock.lock();
    try {
      if (state.reset(code)) {
        // The peer knows nothing of a stream on which nothing was sent.
        if (gone == null && opening) {
          say(new Reset(code));
        } else {
          releaseChannel();
        }
        becameReset();
      }
    } finally {
      lock.unlock();
    }
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
      drop();
      releaseChannelIfOver();
    } finally {
      lock.unlock();
    }
  }
}
