package dev.godwit.hub;

import dev.godwit.identity.NodeId;
import dev.godwit.signaling.proto.FromHub;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * What waits to be sent to one node. Putting something in never blocks and does no I/O, so that it
 * may be done with a lock held; the connection's event loop takes it out as fast as the receiver
 * takes it. When too much waits that the hub has to say, the receiver is given up; what other nodes
 * send is refused then.
 */
final class Outlet {

  /** So that many empty messages do not count as nothing. */
  static final int OVERHEAD = 128;

  private final Channel channel;
  private final int limit;
  private final Runnable overflow;
  private final Queue<byte[]> waiting = new ConcurrentLinkedQueue<>();
  private final AtomicInteger waitingBytes = new AtomicInteger();
  private final AtomicBoolean scheduled = new AtomicBoolean();
  private final AtomicBoolean closed = new AtomicBoolean();
  private final Mailbag mail;

  /** Whether a message was taken. */
  enum Offer {
    /** It will be sent if the connection lasts. */
    TAKEN,
    /** There is no room, or the receiver is gone, or is given up now. */
    LOST
  }

  /**
   * An empty outlet.
   *
   * @param limit how many bytes may wait, and as many again from other nodes
   * @param overflow called on the event loop, once, when more wait
   */
  Outlet(Channel channel, int limit, Runnable overflow) {
    this.channel = channel;
    this.limit = limit;
    this.overflow = overflow;
    this.mail = new Mailbag(limit);
  }

  /** Sends what another node has said; the array must not change any more. */
  Offer deliver(NodeId from, byte[] message) {
    if (closed.get() || mail.put(from, message) == Offer.LOST) {
      return Offer.LOST;
    }
    schedule();
    return Offer.TAKEN;
  }

  Offer send(FromHub message) {
    return send(message.toByteArray());
  }

  /** Sends an encoded message; the array must not change any more. */
  Offer send(byte[] message) {
    if (closed.get()) {
      return Offer.LOST;
    }
    int bytes = message.length + OVERHEAD;
    if (waitingBytes.addAndGet(bytes) > limit) {
      waitingBytes.addAndGet(-bytes);
      if (closed.compareAndSet(false, true)) {
        onEventLoop(overflow);
      }
      return Offer.LOST;
    }
    waiting.add(message);
    schedule();
    return Offer.TAKEN;
  }

  private void schedule() {
    if (scheduled.compareAndSet(false, true)) {
      onEventLoop(this::drain);
    }
  }

  private void onEventLoop(Runnable task) {
    try {
      channel.eventLoop().execute(task);
    } catch (RejectedExecutionException shuttingDown) {
      // The channel is gone with its event loop.
      closed.set(true);
    }
  }

  /** Tells the connection something. */
  void tell(ConnectionEvent event) {
    channel.pipeline().fireUserEventTriggered(event);
  }

  /** Takes nothing more; on the event loop, what waits is written first. */
  void close() {
    drain();
    closed.set(true);
    waiting.clear();
  }

  private byte @Nullable [] next() {
    byte[] own = waiting.poll();
    if (own == null) {
      return mail.poll();
    }
    waitingBytes.addAndGet(-own.length - OVERHEAD);
    return own;
  }

  /** Writes what the channel takes; on the event loop. */
  void drain() {
    scheduled.set(false);
    boolean written = false;
    while (channel.isWritable()) {
      byte[] message = next();
      if (message == null) {
        break;
      }
      var _ =
          channel.write(
              new BinaryWebSocketFrame(Unpooled.wrappedBuffer(message)), channel.voidPromise());
      written = true;
    }
    if (written) {
      channel.flush();
    }
  }
}
