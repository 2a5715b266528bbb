package dev.godwit.webrtc;

import dev.godwit.stream.Connection.Urgency;
import dev.godwit.stream.PooledBuffer;
import dev.godwit.webrtc.WindowGrowth.RoundTrips;
import dev.godwit.webrtc.bridge.BridgeCost;
import dev.godwit.webrtc.bridge.BridgeType;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A data channel, which carries one stream after another (decision 016). Thread-safe; nothing
 * blocks.
 */
final class StreamChannel implements WebRtcByteStream.Channel {
  /** The connection's round trips. */
  interface PathWatch {
    /** As {@link WebRtcByteStream.Channel#roundTrips}. */
    @Nullable RoundTrips roundTrips();

    /** As {@link WebRtcByteStream.Channel#measure}. */
    void measure();
  }

  private final ChildProcess child;
  private final int connection;
  private final int number;
  private final Urgency urgency;
  private final PathWatch path;
  private final Consumer<StreamChannel> whenIdle;

  /** The same as {@link #left} when nothing is in the WebRTC process. */
  private final AtomicLong submitted = new AtomicLong();

  private final AtomicLong left = new AtomicLong();
  private volatile boolean opened;
  private boolean closed;
  private @Nullable WebRtcByteStream current;

  private StreamChannel(
      ChildProcess child,
      int connection,
      int number,
      Urgency urgency,
      PathWatch path,
      Consumer<StreamChannel> whenIdle) {
    this.child = child;
    this.connection = connection;
    this.number = number;
    this.urgency = urgency;
    this.path = path;
    this.whenIdle = whenIdle;
  }

  /**
   * A channel of ours, which is opened with the first thing that is sent.
   *
   * @param whenIdle gets the channel each time that its stream is over
   */
  static StreamChannel ours(
      ChildProcess child,
      int connection,
      int number,
      Urgency urgency,
      PathWatch path,
      Consumer<StreamChannel> whenIdle) {
    return new StreamChannel(child, connection, number, urgency, path, whenIdle);
  }

  /** A channel of the peer's, on which only the peer begins streams. */
  static StreamChannel ofPeer(ChildProcess child, int connection, int number, PathWatch path) {
    StreamChannel channel =
        new StreamChannel(child, connection, number, Urgency.DEMAND, path, idle -> {});
    channel.opened = true;
    return channel;
  }

  int number() {
    return number;
  }

  Urgency urgency() {
    return urgency;
  }

  /** Makes the next stream, or returns null when the channel is closed. */
  synchronized @Nullable WebRtcByteStream begin(WebRtcByteStream.Pools pools, WindowBudget budget) {
    if (closed) {
      return null;
    }
    WebRtcByteStream stream =
        opened
            ? WebRtcByteStream.onOpenChannel(this, pools, budget)
            : WebRtcByteStream.onNewChannel(this, pools, budget);
    current = stream;
    return stream;
  }

  /** The stream that it carries now. */
  synchronized @Nullable WebRtcByteStream current() {
    return current;
  }

  /** So much has left the WebRTC process. */
  void sent(long cost) {
    left.accumulateAndGet(cost, Math::max);
    WebRtcByteStream stream = current();
    if (stream != null) {
      stream.sent();
    }
  }

  /**
   * The channel is closed: no stream begins on it any more.
   *
   * @return whether there was a stream on it
   */
  boolean closed() {
    WebRtcByteStream stream;
    synchronized (this) {
      closed = true;
      stream = current;
      current = null;
    }
    if (stream == null) {
      return false;
    }
    stream.channelClosed();
    return true;
  }

  @Override
  public void open() {
    opened = true;
    child.send(
        BridgeType.OPEN_CHANNEL,
        connection,
        number,
        "stream",
        urgency == Urgency.DEMAND ? "HIGH" : "LOW");
  }

  @Override
  public void send(ByteBuffer message, @Nullable PooledBuffer owner) {
    submitted.addAndGet(BridgeCost.of(message.remaining()));
    child.send(connection, number, message, owner);
  }

  @Override
  public long unsent() {
    return submitted.get() - left.get();
  }

  @Override
  public @Nullable RoundTrips roundTrips() {
    return path.roundTrips();
  }

  @Override
  public void measure() {
    path.measure();
  }

  @Override
  public void release() {
    synchronized (this) {
      if (closed) {
        return;
      }
      current = null;
    }
    whenIdle.accept(this);
  }
}
