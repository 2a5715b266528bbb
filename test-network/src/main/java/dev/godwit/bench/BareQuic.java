package dev.godwit.bench;

import dev.godwit.identity.Identity;
import dev.godwit.identity.LeafCertificate;
import dev.godwit.identity.LeafVerifier;
import dev.godwit.quic.QuicSettings;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.handler.codec.quic.EpollQuicUtils;
import io.netty.handler.codec.quic.FlushStrategy;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicChannelOption;
import io.netty.handler.codec.quic.QuicClientCodecBuilder;
import io.netty.handler.codec.quic.QuicCodecBuilder;
import io.netty.handler.codec.quic.QuicCongestionControlAlgorithm;
import io.netty.handler.codec.quic.QuicServerCodecBuilder;
import io.netty.handler.codec.quic.QuicSslContextBuilder;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.codec.quic.QuicStreamType;
import io.netty.handler.ssl.ClientAuth;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A stream of Netty's QUIC codec with nothing around it, tuned as {@code QuicTransport} is: the
 * yardstick. Who connects and sends a byte gets {@code bytes} bytes.
 */
final class BareQuic {
  private static final QuicSettings SETTINGS = QuicSettings.STANDARD;
  private static final int PIECE = 256 * 1024;

  private final EventLoopGroup loop =
      new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  private final LeafCertificate leaf =
      LeafCertificate.issue(
          Identity.generate(new SecureRandom()),
          InstantSource.system(),
          Duration.ofHours(1),
          new SecureRandom());
  private final LeafVerifier verifier = new LeafVerifier(InstantSource.system());

  private static <B extends QuicCodecBuilder<B>> B tune(B builder) {
    return builder
        .maxIdleTimeout(30, TimeUnit.SECONDS)
        .initialMaxData(SETTINGS.connectionWindow())
        .initialMaxStreamDataBidirectionalLocal(SETTINGS.streamWindow())
        .initialMaxStreamDataBidirectionalRemote(SETTINGS.streamWindow())
        .initialMaxStreamsBidirectional(SETTINGS.maxStreams())
        .maxSendUdpPayloadSize(SETTINGS.payload())
        .maxRecvUdpPayloadSize(65527)
        .congestionControlAlgorithm(QuicCongestionControlAlgorithm.BBR)
        .flushStrategy(FlushStrategy.afterNumPackets(4));
  }

  private Channel bind(ChannelHandler codec) throws InterruptedException {
    return new Bootstrap()
        .group(loop)
        .channel(EpollDatagramChannel.class)
        .option(ChannelOption.SO_RCVBUF, 4 << 20)
        .option(ChannelOption.SO_SNDBUF, 4 << 20)
        .option(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
        .option(EpollChannelOption.UDP_GRO, true)
        .option(
            ChannelOption.RECVBUF_ALLOCATOR,
            new FixedRecvByteBufAllocator(65536).maxMessagesPerRead(16))
        .handler(codec)
        .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
        .sync()
        .channel();
  }

  /** Serves streams; returns the port. */
  int serve(long bytes) throws InterruptedException {
    byte[] noise = new byte[PIECE];
    new Random(1).nextBytes(noise);
    ByteBuf piece = PooledByteBufAllocator.DEFAULT.directBuffer(PIECE).writeBytes(noise);
    ChannelHandler codec =
        tune(new QuicServerCodecBuilder())
            .sslContext(
                QuicSslContextBuilder.forServer(leaf.keyManager(), null)
                    .trustManager(verifier.trustingAnyIdentity())
                    .clientAuth(ClientAuth.REQUIRE)
                    .applicationProtocols("bare/1")
                    .build())
            .tokenHandler(null)
            .option(
                QuicChannelOption.SEGMENTED_DATAGRAM_PACKET_ALLOCATOR,
                EpollQuicUtils.newSegmentedAllocator(32))
            .handler(
                new ChannelInboundHandlerAdapter() {
                  @Override
                  public boolean isSharable() {
                    return true;
                  }
                })
            .streamHandler(
                new ChannelInitializer<QuicStreamChannel>() {
                  @Override
                  protected void initChannel(QuicStreamChannel stream) {
                    stream.pipeline().addLast(new Source(piece, bytes));
                  }
                })
            .build();
    return ((InetSocketAddress) bind(codec).localAddress()).getPort();
  }

  /** Writes whenever the stream takes something. */
  private static final class Source extends ChannelInboundHandlerAdapter {
    private final ByteBuf piece;
    private long left;
    private boolean started;

    Source(ByteBuf piece, long bytes) {
      this.piece = piece;
      this.left = bytes;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      ((ByteBuf) message).release();
      started = true;
      pump(context);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
      if (started) {
        pump(context);
      }
    }

    private void pump(ChannelHandlerContext context) {
      while (left > 0 && context.channel().isWritable()) {
        int length = (int) Math.min(left, piece.readableBytes());
        left -= length;
        var _ = context.write(piece.retainedSlice(0, length));
      }
      context.flush();
    }
  }

  /** Fetches; returns MB/s. */
  double fetch(int port, long bytes) throws Exception {
    ChannelHandler codec =
        tune(new QuicClientCodecBuilder())
            .sslContext(
                QuicSslContextBuilder.forClient()
                    .keyManager(leaf.keyManager(), null)
                    .trustManager(verifier.trustingAnyIdentity())
                    .endpointIdentificationAlgorithm(null)
                    .applicationProtocols("bare/1")
                    .build())
            .build();
    Channel socket = bind(codec);
    QuicChannel connection =
        QuicChannel.newBootstrap(socket)
            .option(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
            .option(
                QuicChannelOption.SEGMENTED_DATAGRAM_PACKET_ALLOCATOR,
                EpollQuicUtils.newSegmentedAllocator(32))
            .handler(new ChannelInboundHandlerAdapter())
            .streamHandler(new ChannelInboundHandlerAdapter())
            .remoteAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
            .connect()
            .get(10, TimeUnit.SECONDS);
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    long start = System.nanoTime();
    QuicStreamChannel stream =
        connection
            .createStream(
                QuicStreamType.BIDIRECTIONAL,
                new ChannelInboundHandlerAdapter() {
                  private long left = bytes;

                  @Override
                  public void channelRead(ChannelHandlerContext context, Object message) {
                    ByteBuf read = (ByteBuf) message;
                    left -= read.readableBytes();
                    read.release();
                    if (left == 0) {
                      done.complete(true);
                    }
                  }
                })
            .get(10, TimeUnit.SECONDS);
    var _ = stream.writeAndFlush(Unpooled.directBuffer(1).writeByte(1));
    done.get(5, TimeUnit.MINUTES);
    double seconds = (System.nanoTime() - start) / 1e9;
    connection.close().sync();
    socket.close().sync();
    return bytes / 1e6 / seconds;
  }
}
