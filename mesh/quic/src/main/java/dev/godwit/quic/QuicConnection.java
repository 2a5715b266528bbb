package dev.godwit.quic;

import dev.godwit.identity.NodeId;
import dev.godwit.path.AddressText;
import dev.godwit.stream.ByteStream;
import dev.godwit.stream.Connection;
import dev.godwit.stream.Failures;
import dev.godwit.stream.Interruption;
import dev.godwit.stream.Path;
import dev.godwit.stream.StreamHandler;
import dev.godwit.stream.StreamQueue;
import dev.godwit.wire.Printable;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicConnectionCloseEvent;
import io.netty.handler.codec.quic.QuicConnectionPathStats;
import io.netty.handler.codec.quic.QuicConnectionStats;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.codec.quic.QuicStreamPriority;
import io.netty.handler.codec.quic.QuicStreamType;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A QUIC connection whose peer has proven its identity. */
final class QuicConnection implements Connection {
  private static final Logger LOG = LoggerFactory.getLogger(QuicConnection.class);
  private static final Duration OPEN = Duration.ofSeconds(10);
  private static final int MAX_REASON = 200;

  private final QuicChannel channel;
  private final NodeId peer;
  private final Path.Kind kind;
  private final StreamQueue incoming = new StreamQueue();
  private final CompletableFuture<String> closed = new CompletableFuture<>();
  private volatile Duration roundTrip = Duration.ZERO;

  /** When the number of received packets was last seen to grow. */
  private volatile long heard = System.nanoTime();

  private long received;
  private volatile @Nullable String reason;
  private @Nullable ScheduledFuture<?> keepAlive;

  QuicConnection(QuicChannel channel, NodeId peer, Path.Kind kind) {
    this.channel = channel;
    this.peer = peer;
    this.kind = kind;
  }

  /** Event loop: the handshake is over and the peer's key is the right one. */
  void begin(Duration interval) {
    keepAlive =
        channel
            .eventLoop()
            .scheduleAtFixedRate(
                this::ping, interval.toMillis() / 4, interval.toMillis(), TimeUnit.MILLISECONDS);
    measure();
    channel.closeFuture().addListener(done -> ended());
  }

  private void ping() {
    // A datagram is acknowledged by the peer's QUIC; its handler ignores it.
    var _ = channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[] {0}), channel.voidPromise());
    measure();
  }

  private void measure() {
    channel
        .collectPathStats(0)
        .addListener(
            (Future<QuicConnectionPathStats> stats) -> {
              if (stats.isSuccess() && stats.getNow() != null) {
                roundTrip = Duration.ofNanos(stats.getNow().rtt());
              }
            });
    channel
        .collectStats()
        .addListener(
            (Future<QuicConnectionStats> stats) -> {
              if (stats.isSuccess() && stats.getNow() != null) {
                received(stats.getNow().recv());
              }
            });
  }

  private void received(long packets) {
    if (packets != received) {
      received = packets;
      heard = System.nanoTime();
    }
  }

  private void ended() {
    ScheduledFuture<?> timer = keepAlive;
    if (timer != null) {
      timer.cancel(false);
    }
    String known = reason;
    closed.complete(
        known != null
            ? known
            : channel.isTimedOut() ? "nothing heard of the peer any more" : "connection closed");
    incoming.close();
  }

  @Override
  public NodeId peer() {
    return peer;
  }

  @Override
  public Path path() {
    return new Path(kind, "quic", text(channel.remoteSocketAddress()));
  }

  private static String text(@Nullable SocketAddress address) {
    return address instanceof InetSocketAddress inet
        ? AddressText.format(inet)
        : String.valueOf(address);
  }

  @Override
  public Duration roundTrip() {
    return roundTrip;
  }

  @Override
  public Duration silence() {
    return Duration.ofNanos(System.nanoTime() - heard);
  }

  @Override
  public ByteStream open(Urgency urgency) throws IOException {
    QuicByteStream[] stream = new QuicByteStream[1];
    Future<QuicStreamChannel> created =
        channel
            .newStreamBootstrap()
            .type(QuicStreamType.BIDIRECTIONAL)
            .option(ChannelOption.AUTO_READ, false)
            .option(ChannelOption.ALLOW_HALF_CLOSURE, true)
            .option(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
            .handler(
                new ChannelInitializer<QuicStreamChannel>() {
                  @Override
                  protected void initChannel(QuicStreamChannel opened) {
                    stream[0] = QuicByteStream.on(opened);
                  }
                })
            .create();
    try {
      QuicStreamChannel opened = created.get(OPEN.toMillis(), TimeUnit.MILLISECONDS);
      var _ =
          opened.updatePriority(
              urgency == Urgency.DEMAND
                  ? new QuicStreamPriority(0, true)
                  : new QuicStreamPriority(127, true));
      return stream[0];
    } catch (ExecutionException e) {
      throw new IOException("no stream could be opened: " + Failures.text(e), e);
    } catch (TimeoutException e) {
      throw new IOException("no stream could be opened within " + OPEN.toSeconds() + " s", e);
    } catch (InterruptedException e) {
      throw Interruption.passedOn("interrupted while opening a stream", e);
    }
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
  public void close(String why) {
    if (reason == null) {
      reason = why.isEmpty() ? "closed by this node" : why;
    }
    byte[] bytes = why.getBytes(StandardCharsets.UTF_8);
    try {
      var _ =
          channel.close(
              true,
              0,
              Unpooled.wrappedBuffer(bytes, 0, Math.min(bytes.length, MAX_REASON)),
              channel.newPromise());
    } catch (RejectedExecutionException e) {
      // The transport has ended, and every connection with it.
      LOG.trace("there is nothing left to close", e);
    }
  }

  /** Receives the streams that the peer opens. Event loop. */
  ChannelInitializer<QuicStreamChannel> streams() {
    return new ChannelInitializer<>() {
      @Override
      protected void initChannel(QuicStreamChannel opened) {
        accept(opened);
      }
    };
  }

  void accept(QuicStreamChannel opened) {
    opened.config().setAutoRead(false);
    opened.config().setAllowHalfClosure(true);
    opened.config().setAllocator(PooledByteBufAllocator.DEFAULT);
    incoming.add(QuicByteStream.on(opened));
  }

  /** Hears datagrams, and why the peer closes. Event loop. */
  final class Events extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      if (message instanceof ByteBuf datagram) {
        datagram.release();
      } else {
        context.fireChannelRead(message);
      }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
      if (event instanceof QuicConnectionCloseEvent close && reason == null) {
        String said = new String(close.reason(), StandardCharsets.UTF_8);
        reason =
            said.isEmpty() ? "closed by the peer" : "closed by the peer: " + Printable.text(said);
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      if (reason == null) {
        reason = String.valueOf(cause.getMessage());
      }
      var _ = context.close();
    }
  }
}
