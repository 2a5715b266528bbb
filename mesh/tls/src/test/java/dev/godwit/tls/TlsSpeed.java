package dev.godwit.tls;

import dev.godwit.identity.Identity;
import dev.godwit.identity.LeafCertificate;
import dev.godwit.stream.BufferPool;
import dev.godwit.stream.ByteStream;
import dev.godwit.stream.Connection;
import dev.godwit.stream.Connection.Urgency;
import dev.godwit.stream.PooledBuffer;
import dev.godwit.testing.Patience;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Measures one bulk stream against a plain Netty TLS channel, in one process over loopback, in
 * turn. Not a test: run {@code main}. Arguments: MiB, rounds.
 */
final class TlsSpeed {
  private static final int CHUNK = 1 << 20;
  private static final SecureRandom RANDOM = new SecureRandom();

  private TlsSpeed() {}

  public static void main(String[] arguments) throws Exception {
    int mebibytes = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 1024;
    int rounds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 5;
    double[] ratios = new double[rounds];
    double _ = plain(mebibytes / 4);
    double _ = ours(mebibytes / 4);
    for (int i = 0; i < rounds; i++) {
      double plain = plain(mebibytes);
      double ours = ours(mebibytes);
      ratios[i] = ours / plain;
      System.out.printf(
          Locale.ROOT, "plain %.0f MB/s, ours %.0f MB/s, ratio %.3f%n", plain, ours, ours / plain);
    }
    Arrays.sort(ratios);
    System.out.printf(Locale.ROOT, "median ratio %.3f%n", ratios[rounds / 2]);
  }

  private static double rate(int mebibytes, long start) {
    return mebibytes * 1.048576 / ((System.nanoTime() - start) / 1e9);
  }

  private static double ours(int mebibytes) throws Exception {
    Identity bob = Identity.generate(RANDOM);
    try (TlsTransport here = transport(Identity.generate(RANDOM));
        TlsTransport there = transport(bob)) {
      CompletableFuture<Long> received = new CompletableFuture<>();
      there.listen(
          accepted ->
              accepted.serve(
                  stream -> {
                    ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK);
                    for (int i = 0; i < mebibytes; i++) {
                      stream.readFully(buffer.clear());
                    }
                    received.complete(System.nanoTime());
                  }));
      Connection connection = here.dial(bob.id(), there.addresses(), Duration.ofSeconds(5));
      ByteStream stream = connection.open(Urgency.BULK);
      BufferPool pool = new BufferPool(CHUNK, 4);
      long start = System.nanoTime();
      for (int i = 0; i < mebibytes; i++) {
        PooledBuffer buffer = pool.take();
        buffer.bytes().clear();
        stream.send(buffer);
      }
      stream.finish();
      long _ = received.get(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS);
      return rate(mebibytes, start);
    }
  }

  private static TlsTransport transport(Identity identity) throws Exception {
    return Loopback.open(identity, 0);
  }

  /** A channel with nothing but TLS: the sender writes when it may, the receiver counts. */
  private static double plain(int mebibytes) throws Exception {
    var leaf =
        LeafCertificate.issue(
            Identity.generate(RANDOM), InstantSource.system(), Duration.ofHours(1), RANDOM);
    SslContext server =
        SslContextBuilder.forServer(leaf.privateKey(), leaf.certificate())
            .sslProvider(SslProvider.OPENSSL)
            .protocols("TLSv1.3")
            .build();
    SslContext client =
        SslContextBuilder.forClient()
            .sslProvider(SslProvider.OPENSSL)
            .trustManager(InsecureTrustManagerFactory.INSTANCE)
            .endpointIdentificationAlgorithm(null)
            .protocols("TLSv1.3")
            .build();
    EventLoopGroup loops = new MultiThreadIoEventLoopGroup(2, EpollIoHandler.newFactory());
    CompletableFuture<Long> received = new CompletableFuture<>();
    try {
      Channel listening =
          new ServerBootstrap()
              .group(loops)
              .channel(EpollServerSocketChannel.class)
              .childOption(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
              .childHandler(
                  new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                      channel
                          .pipeline()
                          .addLast(server.newHandler(channel.alloc()))
                          .addLast(new Counter((long) mebibytes * CHUNK, received));
                    }
                  })
              .bind(InetAddress.getLoopbackAddress(), 0)
              .sync()
              .channel();
      Channel channel =
          new Bootstrap()
              .group(loops)
              .channel(EpollSocketChannel.class)
              .option(ChannelOption.TCP_NODELAY, true)
              .option(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
              .option(
                  ChannelOption.WRITE_BUFFER_WATER_MARK,
                  new WriteBufferWaterMark(256 * 1024, 512 * 1024))
              .handler(
                  new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel opened) {
                      opened.pipeline().addLast(client.newHandler(opened.alloc()));
                    }
                  })
              .connect(listening.localAddress())
              .sync()
              .channel();
      channel.pipeline().get(SslHandler.class).handshakeFuture().sync();
      long start = System.nanoTime();
      channel.pipeline().addLast(new Source((long) mebibytes * CHUNK));
      long _ = received.get(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS);
      return rate(mebibytes, start);
    } finally {
      loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
    }
  }

  private static final class Source extends ChannelInboundHandlerAdapter {
    private final ByteBuf chunk =
        Unpooled.unreleasableBuffer(Unpooled.directBuffer(CHUNK).writerIndex(CHUNK));
    private long left;

    Source(long bytes) {
      this.left = bytes;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
      context.executor().execute(() -> fill(context));
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
      fill(context);
    }

    private void fill(ChannelHandlerContext context) {
      while (left > 0 && context.channel().isWritable()) {
        int part = (int) Math.min(left, 256 * 1024);
        left -= part;
        var _ = context.writeAndFlush(chunk.retainedSlice(0, part), context.voidPromise());
      }
    }
  }

  private static final class Counter extends ChannelInboundHandlerAdapter {
    private final CompletableFuture<Long> done;
    private long left;

    Counter(long bytes, CompletableFuture<Long> done) {
      this.left = bytes;
      this.done = done;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      ByteBuf bytes = (ByteBuf) message;
      left -= bytes.readableBytes();
      bytes.release();
      if (left == 0) {
        done.complete(System.nanoTime());
      }
    }
  }
}
