package dev.godwit.tls;

import dev.godwit.stream.ByteStream;
import dev.godwit.stream.Connection.Urgency;
import dev.godwit.stream.Failures;
import dev.godwit.stream.Interruption;
import dev.godwit.stream.StreamQueue;
import dev.godwit.tls.MuxStream.Origin;
import dev.godwit.wire.ProtocolException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.collection.IntObjectHashMap;
import io.netty.util.collection.IntObjectMap;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Independent streams over one channel that carries bytes in order. Knows nothing of what is below
 * it in the channel. Reads always: a stream that nobody reads is stopped by its credit alone, so it
 * does not stop the others. Writes at most {@value #WRITE_AHEAD} bytes ahead of what the channel
 * has taken, so that what is urgent does not wait behind more than that.
 */
final class Multiplexer extends ChannelInboundHandlerAdapter implements FrameSink {
  /** Most streams that one side may have open at a time. */
  static final int MAX_STREAMS = 256;

  /** Most bytes given to the channel that have not left it. */
  static final int WRITE_AHEAD = 256 * 1024;

  /** Fewer than this make it worth to send more. */
  private static final int WRITE_AGAIN = 128 * 1024;

  /** Most bytes of frames other than DATA that a peer has us send and does not take. */
  private static final int MAX_CONTROL = 256 * 1024;

  /** Most credit that the peer has on all streams, beyond what each begins with. */
  private static final long BUDGET = 96L << 20;

  /** Most streams of the peer that local code may be busy with, ended ones included. */
  private static final int MAX_HANDED = 2 * MAX_STREAMS;

  private static final Duration OPEN = Duration.ofSeconds(10);
  private static final Duration TICK = Duration.ofSeconds(1);

  /** How long the peer has to hear the reason before the channel is closed. */
  private static final Duration LINGER = Duration.ofSeconds(2);

  private final Channel channel;
  private final Consumer<ByteStream> incoming;
  private final CompletableFuture<String> closed = new CompletableFuture<>();
  private final Semaphore permits = new Semaphore(MAX_STREAMS);
  private final AtomicInteger handed = new AtomicInteger();
  private volatile Duration roundTrip = Duration.ZERO;

  // What follows belongs to the event loop.

  private final FrameDecoder decoder = new FrameDecoder(this);
  private final CreditBudget budget = new CreditBudget(BUDGET);
  private final SendScheduler<MuxStream> scheduler = new SendScheduler<>();
  private final Liveness liveness;
  private final Set<MuxStream> open = new LinkedHashSet<>();
  private final IntObjectMap<MuxStream> byId = new IntObjectHashMap<>();

  /** Streams that got bytes since the last read was complete. */
  private final Set<MuxStream> touched = new LinkedHashSet<>();

  private @Nullable ChannelHandlerContext context;
  private @Nullable ScheduledFuture<?> timer;
  private int nextOurs;
  private int nextTheirs;
  private int openTheirs;
  private long dataAhead;
  private long controlAhead;
  private boolean flushWanted;
  private boolean pumping;
  private boolean over;

  /** Which side of a connection this is; the two open streams with different ids. */
  enum Side {
    DIALLER,
    ACCEPTOR
  }

  /**
   * To be added to {@code channel} as its last handler.
   *
   * @param incoming gets the streams that the peer opens, on the event loop; must not block
   */
  Multiplexer(Channel channel, Side side, Consumer<ByteStream> incoming) {
    this.channel = channel;
    this.incoming = incoming;
    this.liveness = new Liveness(now());
    this.nextOurs = side == Side.DIALLER ? 1 : 2;
    this.nextTheirs = side == Side.DIALLER ? 2 : 1;
  }

  private long now() {
    return channel.eventLoop().ticker().nanoTime();
  }

  // Any thread.

  ByteBufAllocator allocator() {
    return channel.alloc();
  }

  /** Runs something on the event loop; false when that is no more. */
  boolean execute(Runnable task) {
    try {
      channel.eventLoop().execute(task);
      return true;
    } catch (RejectedExecutionException e) {
      closed.complete("the transport was closed: " + e.getMessage());
      return false;
    }
  }

  CompletableFuture<String> closed() {
    return closed;
  }

  Duration roundTrip() {
    return roundTrip;
  }

  Duration silence() {
    return Duration.ofNanos(Math.max(0, liveness.silent(now())));
  }

  /**
   * Makes a stream. The peer learns of it with the first byte.
   *
   * @throws IOException when the connection is gone, or as many streams as may be are open
   */
  ByteStream open(Urgency urgency) throws IOException {
    try {
      if (!permits.tryAcquire(OPEN.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new IOException(
            "no stream could be opened within "
                + OPEN.toSeconds()
                + " s: "
                + MAX_STREAMS
                + " are open");
      }
    } catch (InterruptedException e) {
      throw Interruption.passedOn("interrupted while opening a stream", e);
    }
    MuxStream stream = new MuxStream(urgency, Origin.OURS, this, budget);
    if (closed.isDone() || !execute(() -> register(stream))) {
      permits.release();
      throw new IOException("the connection is gone: " + closed.join());
    }
    return stream.bytes();
  }

  /** Local code will not touch a stream any more. */
  void letGo(Origin origin) {
    if (origin == Origin.THEIRS) {
      handed.decrementAndGet();
    }
  }

  /** Tells the peer that the connection ends, and why, and ends it. */
  void close(String reason) {
    closed.complete(reason.isEmpty() ? "closed by this node" : reason);
    boolean _ = execute(() -> leave(reason, "closed by this node"));
  }

  // Event loop, on behalf of callers.

  private void register(MuxStream stream) {
    if (over) {
      stream.bytes().breakOff(goneText());
    } else {
      open.add(stream);
    }
  }

  private String goneText() {
    return "the connection is gone: " + closed.getNow("it ends");
  }

  private boolean isLive(MuxStream stream) {
    return !over && !stream.state().isOver();
  }

  void submit(MuxStream stream, Outgoing outgoing) {
    if (isLive(stream)) {
      introduce(stream);
    }
    if (!isLive(stream)) {
      outgoing.discard();
      return;
    }
    stream.add(outgoing);
    offer(stream);
    pump();
  }

  void finish(MuxStream stream) {
    if (isLive(stream)) {
      introduce(stream);
      stream.finishAfterQueue();
      finishIfReady(stream);
      pump();
    }
  }

  void reset(MuxStream stream, int code) {
    if (isLive(stream)) {
      if (stream.id() != 0) {
        control(Frames.reset(allocator(), stream.id(), code));
      }
      stream.state().reset();
      drop(stream);
      pump();
    }
  }

  void consumed(MuxStream stream, int bytes) {
    if (isLive(stream)) {
      grant(stream, bytes);
      pump();
    }
  }

  private void introduce(MuxStream stream) {
    if (stream.id() != 0) {
      return;
    }
    stream.id(nextOurs);
    byId.put(nextOurs, stream);
    control(Frames.open(allocator(), nextOurs, stream.urgency()));
    nextOurs += 2;
    if (nextOurs < 0) {
      leave("all stream ids are used up", "all stream ids are used up");
    }
  }

  private void grant(MuxStream stream, int bytes) {
    int credit = stream.state().consumed(bytes);
    if (credit > 0) {
      control(Frames.window(allocator(), stream.id(), credit));
    }
  }

  /** Forgets a stream that is over. */
  private void drop(MuxStream stream) {
    scheduler.remove(stream);
    stream.discard();
    if (!open.remove(stream)) {
      return;
    }
    byId.remove(stream.id());
    if (stream.origin() == Origin.OURS) {
      permits.release();
    } else {
      openTheirs--;
    }
  }

  // Sending.

  private void offer(MuxStream stream) {
    if (stream.sendable() > 0) {
      scheduler.ready(stream, stream.urgency());
    }
  }

  /** Gives the channel what it may have, and flushes. */
  private void pump() {
    ChannelHandlerContext out = context;
    if (pumping || out == null) {
      return;
    }
    pumping = true;
    try {
      while (dataAhead < WRITE_AHEAD) {
        MuxStream next = scheduler.next();
        if (next == null) {
          break;
        }
        send(out, next);
        offer(next);
      }
    } finally {
      pumping = false;
    }
    if (flushWanted) {
      flushWanted = false;
      out.flush();
    }
  }

  private void send(ChannelHandlerContext out, MuxStream stream) {
    int count = stream.sendable();
    if (count == 0) {
      return;
    }
    flushWanted = true;
    var _ = out.write(Frames.data(allocator(), stream.id(), count), out.voidPromise());
    stream.take(
        count,
        (from, part) -> {
          dataAhead += part;
          var _ = out.write(from.take(part)).addListener(done -> left(stream.bytes(), from, part));
        });
    finishIfReady(stream);
  }

  private void left(TlsByteStream stream, Outgoing from, int count) {
    from.left();
    stream.sent(count);
    dataAhead -= count;
    if (dataAhead <= WRITE_AGAIN) {
      pump();
    }
  }

  private void finishIfReady(MuxStream stream) {
    if (stream.isReadyToFinish() && isLive(stream)) {
      control(Frames.fin(allocator(), stream.id()));
      stream.state().finSent();
      if (stream.state().isOver()) {
        drop(stream);
      }
    }
  }

  /** Sends a frame other than DATA before all data that still waits. */
  private void control(ByteBuf frame) {
    ChannelHandlerContext out = context;
    if (over || out == null) {
      frame.release();
      return;
    }
    int size = frame.readableBytes();
    controlAhead += size;
    flushWanted = true;
    var _ = out.write(frame).addListener(done -> controlAhead -= size);
    if (controlAhead > MAX_CONTROL) {
      end("the peer does not take what it asked for");
      var _ = out.close();
    }
  }

  // The channel.

  @Override
  public void handlerAdded(ChannelHandlerContext added) {
    context = added;
    timer =
        added.executor().scheduleAtFixedRate(this::tick, 0, TICK.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void tick() {
    long now = now();
    if (liveness.isGone(now)) {
      end("nothing heard of the peer for " + Liveness.SILENCE.toSeconds() + " s");
      var _ = channel.close();
    } else if (liveness.shouldAsk(now)) {
      control(Frames.ping(allocator(), liveness.ask(now)));
      pump();
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext from, Object message) {
    ByteBuf bytes = (ByteBuf) message;
    try {
      if (!over) {
        liveness.heard(now());
        decoder.decode(bytes);
      }
    } catch (ProtocolException e) {
      leave("protocol broken: " + e.getMessage(), "the peer broke the protocol: " + e.getMessage());
    } finally {
      bytes.release();
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext from) {
    for (MuxStream stream : touched) {
      stream.bytes().readComplete();
    }
    touched.clear();
    pump();
  }

  @Override
  public void channelInactive(ChannelHandlerContext from) {
    end("the connection broke off");
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext from, Throwable cause) {
    end(Failures.text(cause));
    var _ = from.close();
  }

  /** Ends the connection; the peer gets {@code said}, everybody here {@code reason}. */
  private void leave(String said, String reason) {
    ChannelHandlerContext out = context;
    if (over || out == null) {
      return;
    }
    control(Frames.goodbye(allocator(), said));
    end(reason);
    pump();
    // Closing now could destroy the reason on its way: the peer closes when it has heard it.
    Runnable closing =
        () -> {
          var _ = out.close();
        };
    ScheduledFuture<?> last =
        out.executor().schedule(closing, LINGER.toMillis(), TimeUnit.MILLISECONDS);
    var _ = channel.closeFuture().addListener(done -> last.cancel(false));
  }

  /** Ends everything but the channel. */
  private void end(String reason) {
    if (over) {
      return;
    }
    over = true;
    ScheduledFuture<?> ticking = timer;
    if (ticking != null) {
      ticking.cancel(false);
    }
    closed.complete(reason);
    for (MuxStream stream : open) {
      scheduler.remove(stream);
      stream.bytes().breakOff(goneText());
      stream.discard();
    }
    open.clear();
    byId.clear();
    touched.clear();
    // Whoever waits to open a stream finds out.
    permits.release(MAX_STREAMS << 8);
  }

  // What the peer says.

  private @Nullable MuxStream find(int id) throws ProtocolException {
    MuxStream stream = byId.get(id);
    if (stream == null) {
      boolean ours = (id & 1) == (nextOurs & 1);
      if (id >= (ours ? nextOurs : nextTheirs)) {
        throw new ProtocolException("a frame of stream " + id + ", which was never opened");
      }
    }
    return stream;
  }

  @Override
  public void open(int id, Urgency urgency) throws ProtocolException {
    if (id != nextTheirs) {
      throw new ProtocolException("stream " + id + " opened instead of " + nextTheirs);
    }
    if (openTheirs >= MAX_STREAMS) {
      throw new ProtocolException("more than " + MAX_STREAMS + " streams");
    }
    nextTheirs += 2;
    if (handed.get() >= MAX_HANDED) {
      control(Frames.reset(allocator(), id, StreamQueue.REFUSED));
      return;
    }
    MuxStream stream = new MuxStream(urgency, Origin.THEIRS, this, budget);
    stream.id(id);
    byId.put(id, stream);
    open.add(stream);
    openTheirs++;
    handed.incrementAndGet();
    incoming.accept(stream.bytes());
  }

  @Override
  public void data(int id, ByteBuf part) throws ProtocolException {
    MuxStream stream = find(id);
    if (stream == null) {
      return;
    }
    stream.state().received(part.readableBytes());
    int straight = stream.bytes().offer(part);
    if (part.isReadable()) {
      touched.add(stream);
    }
    if (straight > 0) {
      grant(stream, straight);
    }
  }

  @Override
  public void fin(int id) throws ProtocolException {
    MuxStream stream = find(id);
    if (stream != null) {
      stream.state().finReceived();
      stream.bytes().ended();
      if (stream.state().isOver()) {
        drop(stream);
      }
    }
  }

  @Override
  public void reset(int id, int code) throws ProtocolException {
    MuxStream stream = find(id);
    if (stream != null) {
      stream.state().reset();
      stream.bytes().becomeReset(code);
      drop(stream);
    }
  }

  @Override
  public void window(int id, int bytes) throws ProtocolException {
    MuxStream stream = find(id);
    if (stream != null) {
      stream.state().creditReceived(bytes);
      offer(stream);
    }
  }

  @Override
  public void goodbye(String reason) {
    end(reason.isEmpty() ? "closed by the peer" : "closed by the peer: " + reason);
    var _ = channel.close();
  }

  @Override
  public void ping(long token) {
    control(Frames.pong(allocator(), token));
  }

  @Override
  public void pong(long token) throws ProtocolException {
    liveness.answered(token, now());
    roundTrip = liveness.roundTrip();
  }
}
