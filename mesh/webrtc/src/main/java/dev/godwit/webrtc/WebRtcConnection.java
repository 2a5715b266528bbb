package dev.godwit.webrtc;

import dev.godwit.identity.NodeId;
import dev.godwit.stream.ByteStream;
import dev.godwit.stream.Connection;
import dev.godwit.stream.Interruption;
import dev.godwit.stream.Path;
import dev.godwit.stream.StreamHandler;
import dev.godwit.stream.StreamQueue;
import dev.godwit.webrtc.ControlMessage.Goodbye;
import dev.godwit.webrtc.ControlMessage.Ping;
import dev.godwit.webrtc.ControlMessage.Pong;
import dev.godwit.webrtc.WindowGrowth.RoundTrips;
import dev.godwit.webrtc.bridge.BridgeType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Deque;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The data channels between two nodes: a control channel, and one for each stream that there is at
 * the same time. The methods that tell what the WebRTC process says are for the thread that reads
 * from it.
 */
final class WebRtcConnection implements Connection {
  private static final Duration PING = Duration.ofSeconds(4);
  private static final Duration SILENCE = Duration.ofSeconds(15);
  private static final Duration OPEN = Duration.ofSeconds(10);

  /** How long a peer may take to hear our goodbye. */
  private static final Duration LINGER = Duration.ofSeconds(1);

  /** A peer that asks more often is not answered. */
  private static final Duration PONG = Duration.ofMillis(20);

  /** Least time between two pings; a bit more than {@link #PONG}. */
  private static final Duration MEASURE = Duration.ofMillis(25);

  private static final int OURS = 200;
  private static final int OF_PEER = 256;
  private static final long WINDOWS = 64L << 20;

  private final ChildProcess child;
  private final int number;
  private final NodeId peer;
  private final WebRtcByteStream.Pools pools;
  private final ScheduledExecutorService timer;
  private final WindowBudget budget = new WindowBudget(WINDOWS);
  private final StreamQueue incoming = new StreamQueue();
  private final Map<Integer, StreamChannel> channels = new ConcurrentHashMap<>();
  private final Watch watch = new Watch();
  private final Deque<StreamChannel> idle = new ConcurrentLinkedDeque<>();
  private final Semaphore room = new Semaphore(OURS);
  private final AtomicInteger channelsOfOurs = new AtomicInteger();
  private final AtomicInteger channelsOfPeer = new AtomicInteger();
  private final AtomicInteger nextChannel = new AtomicInteger(1);
  private final CompletableFuture<String> closed = new CompletableFuture<>();
  private final CompletableFuture<Boolean> released = new CompletableFuture<>();
  private final AtomicBoolean greeted = new AtomicBoolean();
  private volatile Path path = new Path(Path.Kind.DIRECT, "webrtc", "unknown");
  private boolean pathKnown;
  private volatile Duration roundTrip = Duration.ZERO;
  private volatile @Nullable RoundTrips roundTrips;
  private final AtomicLong lastPing = new AtomicLong(System.nanoTime());
  private volatile long lastHeard = System.nanoTime();
  private volatile int control;
  private volatile @Nullable ScheduledFuture<?> pings;
  private long lastPong;

  WebRtcConnection(
      ChildProcess child,
      int number,
      NodeId peer,
      WebRtcByteStream.Pools pools,
      ScheduledExecutorService timer) {
    this.child = child;
    this.number = number;
    this.peer = peer;
    this.pools = pools;
    this.timer = timer;
  }

  /** The control channel is open. */
  void begin(int channel) {
    control = channel;
    lastHeard = System.nanoTime();
    if (greeted.compareAndSet(false, true)) {
      pings = timer.scheduleAtFixedRate(this::ping, 0, PING.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  private void ping() {
    long now = System.nanoTime();
    if (now - lastHeard > SILENCE.toNanos()) {
      lost("nothing heard of the peer any more");
      return;
    }
    lastPing.set(now);
    say(new Ping(now));
    child.send(BridgeType.GET_PATH, number, 0);
  }

  private void say(ControlMessage message) {
    child.send(number, control, ControlMessage.encode(message), null);
  }

  boolean hasControl() {
    return greeted.get();
  }

  void path(Path now) {
    if (pathKnown && !now.equals(path)) {
      roundTrips = null;
    }
    path = now;
    pathKnown = true;
  }

  /** For the windows of the streams. */
  private final class Watch implements StreamChannel.PathWatch {
    @Override
    public @Nullable RoundTrips roundTrips() {
      return roundTrips;
    }

    @Override
    public void measure() {
      long last = lastPing.get();
      long now = System.nanoTime();
      if (now - last > MEASURE.toNanos() && lastPing.compareAndSet(last, now)) {
        say(new Ping(now));
      }
    }
  }

  void channel(int channel) {
    if (closed.isDone() || channelsOfPeer.incrementAndGet() > OF_PEER) {
      channelsOfPeer.decrementAndGet();
      child.send(BridgeType.CLOSE_CHANNEL, number, channel);
      return;
    }
    channels.put(channel, StreamChannel.ofPeer(child, number, channel, watch));
  }

  void channelOpen(int channel) {
    StreamChannel opened = channels.get(channel);
    WebRtcByteStream stream = opened == null ? null : opened.current();
    if (stream != null) {
      stream.channelOpen();
    }
  }

  void message(int channel, ByteBuffer message) throws IOException {
    lastHeard = System.nanoTime();
    if (greeted.get() && channel == control) {
      control(ControlMessage.parse(message));
      return;
    }
    StreamChannel target = channels.get(channel);
    if (target == null) {
      return;
    }
    WebRtcByteStream stream = target.current();
    if (stream == null && isOfPeer(channel)) {
      stream = target.begin(pools, budget);
      if (stream != null) {
        incoming.add(stream);
      }
    }
    if (stream != null) {
      stream.message(message);
    }
  }

  private static boolean isOfPeer(int channel) {
    return channel < 0;
  }

  private void control(ControlMessage message) {
    switch (message) {
      case Ping ping -> {
        if (lastHeard - lastPong > PONG.toNanos()) {
          lastPong = lastHeard;
          say(new Pong(ping.number()));
        }
      }
      case Pong pong -> {
        Duration measured = Duration.ofNanos(Math.max(1, System.nanoTime() - pong.number()));
        RoundTrips known = roundTrips;
        roundTrips =
            known == null
                ? RoundTrips.first(measured.toNanos(), pong.number())
                : known.and(measured.toNanos(), pong.number());
        Duration before = roundTrip;
        // Smoothed like TCP's (RFC 6298, section 2).
        roundTrip = before.isZero() ? measured : before.multipliedBy(7).plus(measured).dividedBy(8);
      }
      case Goodbye goodbye -> {
        String reason = goodbye.reason();
        lost(reason.isEmpty() ? "closed by the peer" : "closed by the peer: " + reason);
      }
    }
  }

  void sent(int channel, long cost) {
    StreamChannel target = channels.get(channel);
    if (target != null) {
      target.sent(cost);
    }
  }

  void channelClosed(int channel) {
    child.send(BridgeType.RELEASE_CHANNEL, number, channel);
    StreamChannel gone = channels.remove(channel);
    if (gone != null) {
      forget(gone);
    } else if (greeted.get() && channel == control) {
      lost("the peer closed the connection");
    }
  }

  private void forget(StreamChannel gone) {
    boolean used = gone.closed();
    if (isOfPeer(gone.number())) {
      channelsOfPeer.decrementAndGet();
      return;
    }
    channelsOfOurs.decrementAndGet();
    if (used) {
      room.release();
    } else {
      idle.remove(gone);
    }
  }

  /** The connection is of no use any more. Any thread. */
  void lost(String reason) {
    if (end(reason)) {
      release();
    } else if (closed.isDone()) {
      release();
    }
  }

  private boolean end(String reason) {
    if (!closed.complete(reason)) {
      return false;
    }
    ScheduledFuture<?> timed = pings;
    if (timed != null) {
      timed.cancel(false);
    }
    incoming.close();
    for (StreamChannel channel : channels.values()) {
      WebRtcByteStream stream = channel.current();
      if (stream != null) {
        stream.breakOff(reason);
      }
    }
    channels.clear();
    return true;
  }

  private void release() {
    child.remove(number);
    released.complete(true);
  }

  /** Completes when the peer has been told, or was given the time to hear it. */
  CompletableFuture<Boolean> released() {
    return released.copy();
  }

  @Override
  public NodeId peer() {
    return peer;
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public Duration roundTrip() {
    return roundTrip;
  }

  @Override
  public ByteStream open(Urgency urgency) throws IOException {
    try {
      if (!room.tryAcquire(OPEN.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new IOException("no stream could be opened within " + OPEN.toSeconds() + " s");
      }
    } catch (InterruptedException e) {
      throw Interruption.passedOn("interrupted while opening a stream", e);
    }
    WebRtcByteStream stream = begin(urgency);
    if (closed.isDone()) {
      throw new IOException("no stream could be opened: " + closed.getNow(""));
    }
    return stream;
  }

  private WebRtcByteStream begin(Urgency urgency) {
    while (true) {
      StreamChannel channel = takeIdle(urgency);
      if (channel == null) {
        int next = nextChannel.getAndIncrement();
        channel = StreamChannel.ours(child, number, next, urgency, watch, this::makeIdle);
        channelsOfOurs.incrementAndGet();
        channels.put(next, channel);
      }
      WebRtcByteStream stream = channel.begin(pools, budget);
      if (stream != null) {
        return stream;
      }
    }
  }

  /** A channel of that urgency, or of any if there cannot be more channels. */
  private @Nullable StreamChannel takeIdle(Urgency urgency) {
    StreamChannel same =
        idle.stream().filter(channel -> channel.urgency() == urgency).findFirst().orElse(null);
    if (same != null && idle.remove(same)) {
      return same;
    }
    return channelsOfOurs.get() < OURS ? null : idle.poll();
  }

  private void makeIdle(StreamChannel channel) {
    idle.push(channel);
    room.release();
  }

  @Override
  public void serve(StreamHandler handler) {
    incoming.serve(handler);
  }

  @Override
  public CompletableFuture<String> closed() {
    return closed.copy();
  }

  @Override
  public boolean isOpen() {
    return !closed.isDone();
  }

  @Override
  public void close(String reason) {
    if (!end(reason.isEmpty() ? "closed by this node" : reason)) {
      return;
    }
    if (!greeted.get()) {
      release();
      return;
    }
    // The peer closes its side when it hears this.
    say(new Goodbye(reason));
    var _ = timer.schedule(this::release, LINGER.toMillis(), TimeUnit.MILLISECONDS);
  }
}
