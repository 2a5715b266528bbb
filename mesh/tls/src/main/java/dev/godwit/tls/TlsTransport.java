package dev.godwit.tls;

import dev.godwit.identity.Identity;
import dev.godwit.identity.NodeId;
import dev.godwit.limit.Source;
import dev.godwit.limit.SourceQuota;
import dev.godwit.path.AddressText;
import dev.godwit.stream.AcceptedConnections;
import dev.godwit.stream.Connection;
import dev.godwit.stream.DialRace;
import dev.godwit.stream.Failures;
import dev.godwit.stream.Path;
import dev.godwit.stream.Transport;
import dev.godwit.tls.DialSeries.Overlap;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.AttributeKey;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * TLS 1.3 over TCP, for both directions, with many streams in each connection: for networks that
 * let no UDP through. Listens on one address. {@link TlsLayer} says how the peer's identity is
 * proven.
 */
public final class TlsTransport implements Transport {
  private static final Logger LOG = LoggerFactory.getLogger(TlsTransport.class);
  private static final Duration HANDSHAKE = Duration.ofSeconds(10);
  private static final Duration CLOSE = Duration.ofSeconds(3);
  private static final int THREADS = 2;

  /** Peers that have not proven who they are; more are turned away at once. */
  private static final int MAX_STRANGERS = 128;

  /** As many as that may come from one address. */
  private static final int MAX_STRANGERS_PER_ADDRESS = 32;

  private static final AttributeKey<Connection> CONNECTION =
      AttributeKey.valueOf(TlsTransport.class, "CONNECTION");

  private final TlsLayer layer;
  private final EventLoopGroup loops;
  private final boolean epoll = Epoll.isAvailable();
  private final Channel listening;
  private final ChannelGroup channels = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
  private final SourceQuota strangers = new SourceQuota(MAX_STRANGERS_PER_ADDRESS, MAX_STRANGERS);
  private final AcceptedConnections incoming = new AcceptedConnections("tls-accept");
  private volatile boolean closed;

  /**
   * Opens the socket.
   *
   * @param bind address and port; port 0 lets the system choose
   * @throws BindException when the port is taken; the message names it
   * @throws IOException when the socket cannot be opened
   */
  public TlsTransport(
      Identity identity, InetSocketAddress bind, InstantSource clock, SecureRandom random)
      throws IOException {
    this(bind, new TlsLayer(identity, HANDSHAKE, clock, random));
  }

  TlsTransport(InetSocketAddress bind, TlsLayer layer) throws IOException {
    this.layer = layer;
    this.loops =
        new MultiThreadIoEventLoopGroup(
            THREADS,
            new DefaultThreadFactory("godwit-tls", true),
            epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
    try {
      this.listening = open(bind);
    } catch (IOException e) {
      var _ = loops.shutdownGracefully(0, 0, TimeUnit.MILLISECONDS);
      throw e;
    }
  }

  private Channel open(InetSocketAddress bind) throws IOException {
    ChannelFuture bound =
        new ServerBootstrap()
            .group(loops)
            .channel(epoll ? EpollServerSocketChannel.class : NioServerSocketChannel.class)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childOption(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
            .childOption(ChannelOption.RECVBUF_ALLOCATOR, TcpOptions.receiving())
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    accept(channel, Path.Kind.DIRECT, proven -> {});
                  }
                })
            .bind(bind)
            .awaitUninterruptibly();
    if (!bound.isSuccess()) {
      var failure =
          new BindException(
              "TCP " + AddressText.format(bind) + ": " + Failures.text(bound.cause()));
      failure.initCause(bound.cause());
      throw failure;
    }
    // Set only now, so that nobody else can have had the port: see TcpPunch.
    TcpPunch.share(bound.channel());
    return bound.channel();
  }

  /** Which ports of this machine dial. */
  public enum Ports {
    /** A fresh one. */
    FRESH,
    /**
     * A fresh one, and the one that it listens on: that is the one that the peer's filter was
     * opened for.
     */
    FRESH_AND_LISTENING
  }

  private static Path path(Channel channel, Path.Kind kind) {
    return new Path(
        kind,
        "tls",
        channel.remoteAddress() instanceof InetSocketAddress remote
            ? AddressText.format(remote)
            : String.valueOf(channel.remoteAddress()));
  }

  private void accept(Channel channel, Path.Kind kind, Consumer<Channel> proven) {
    boolean _ = channels.add(channel);
    Source source =
        channel.remoteAddress() instanceof InetSocketAddress remote
            ? Source.of(remote.getAddress())
            : new Source(String.valueOf(channel.remoteAddress()));
    if (!strangers.enter(source)) {
      LOG.warn(
          "turned away {}: too many handshakes under way, {} in all",
          channel.remoteAddress(),
          strangers.inAll());
      var _ = channel.close();
      return;
    }
    CompletableFuture<Boolean> known = new CompletableFuture<>();
    var _ = known.thenRun(() -> strangers.leave(source));
    var _ = channel.closeFuture().addListener(closed -> known.complete(true));
    TcpOptions.boundWriteAhead(channel);
    channel
        .pipeline()
        .addLast(
            layer.accepting(
                accepted -> path(accepted, kind),
                connection -> {
                  known.complete(true);
                  proven.accept(channel);
                  channel.attr(CONNECTION).set(connection);
                  incoming.hand(connection);
                }));
  }

  @Override
  public void listen(Consumer<Connection> listener) {
    incoming.listen(listener);
  }

  @Override
  public String name() {
    return "tls";
  }

  /** The address and port that the socket is bound to. */
  public InetSocketAddress boundTo() {
    return (InetSocketAddress) listening.localAddress();
  }

  @Override
  public List<String> addresses() {
    try {
      return AddressText.reachable(boundTo());
    } catch (IOException e) {
      LOG.warn("the addresses of this machine cannot be listed", e);
      return List.of();
    }
  }

  @Override
  public Connection dial(NodeId peer, List<String> addresses, Duration timeout) throws IOException {
    if (addresses.isEmpty()) {
      throw new IOException("no address of " + peer.shortForm() + " is known");
    }
    if (closed) {
      throw new IOException("this node stops");
    }
    DialRace race = new DialRace(addresses.size());
    for (String address : addresses) {
      try {
        CompletableFuture<Connection> outcome = new CompletableFuture<>();
        Channel channel =
            connect(
                peer, AddressText.parse(address), null, timeout, _ -> Path.Kind.DIRECT, outcome);
        race.run(
            address,
            () -> {
              var _ = channel.close();
            },
            outcome);
      } catch (IllegalArgumentException e) {
        race.failed(address, Failures.text(e));
      }
    }
    return race.winner(peer, addresses, timeout);
  }

  /**
   * Waits for a peer that dials; closing it ends that, and leaves those that have proven who they
   * are.
   */
  public interface Opening extends AutoCloseable {
    @Override
    void close();
  }

  /**
   * Lets a peer in that will dial this node, from its own listening port, for ten seconds or until
   * closed: the translators and filters on this side see a packet sent there from the port that
   * this node listens on. It gets no farther than a few routers, so that nothing on the peer's side
   * answers and ends it again (RFC 5128, section 3.4); over IPv6 a second one follows it that gets
   * as far as any other. When the peer gets through, its connection is an accepted one. Returns at
   * once; what cannot be done is left out.
   *
   * @param addresses where the peer listens, as it says
   */
  public Opening open(List<String> addresses) {
    ChannelGroup waiting = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true);
    if (epoll && !closed) {
      for (InetSocketAddress remote : TcpPunch.targets(addresses, boundTo())) {
        TcpPunch.open(
            loops,
            boundTo(),
            remote,
            channel -> {
              boolean _ = channels.add(channel);
              boolean _ = waiting.add(channel);
            },
            channel -> accept(channel, Path.Kind.PUNCHED, waiting::remove));
      }
    }
    return () -> {
      var _ = waiting.close();
    };
  }

  /**
   * As {@link #dial}, for a peer that dials or {@link #open opens} at the same time: goes on until
   * the time is up, whatever the first answers are.
   *
   * @param own whether an address is one of the peer's machine itself; at others the path is {@link
   *     Path.Kind#PUNCHED}
   */
  public Connection meet(
      NodeId peer,
      List<String> addresses,
      Ports ports,
      Predicate<InetAddress> own,
      Duration timeout)
      throws IOException {
    if (closed) {
      throw new IOException("this node stops");
    }
    List<InetSocketAddress> fresh = TcpPunch.parse(addresses);
    List<InetSocketAddress> punched =
        epoll && ports == Ports.FRESH_AND_LISTENING
            ? TcpPunch.targets(addresses, boundTo())
            : List.of();
    if (fresh.isEmpty()) {
      throw new IOException("no address of " + peer.shortForm() + " is known");
    }
    Function<InetAddress, Path.Kind> kind =
        ip -> own.test(ip) ? Path.Kind.DIRECT : Path.Kind.PUNCHED;
    DialRace race = new DialRace(fresh.size() + punched.size());
    for (InetSocketAddress remote : fresh) {
      DialSeries.Attempt attempt =
          (patience, outcome) -> connect(peer, remote, null, patience, kind, outcome);
      new DialSeries(AddressText.format(remote), Overlap.ALLOWED, attempt, loops.next(), race)
          .start(timeout);
    }
    for (InetSocketAddress remote : punched) {
      DialSeries.Attempt attempt =
          (patience, outcome) -> connect(peer, remote, boundTo(), patience, kind, outcome);
      String name = AddressText.format(remote) + " from port " + boundTo().getPort();
      new DialSeries(name, Overlap.FORBIDDEN, attempt, loops.next(), race).start(timeout);
    }
    return race.winner(peer, addresses, timeout);
  }

  /**
   * Begins one connection.
   *
   * @param local from where; null lets the system choose
   * @param patience how long until it is connected; the handshake has its own time
   */
  private Channel connect(
      NodeId peer,
      InetSocketAddress remote,
      @Nullable InetSocketAddress local,
      Duration patience,
      Function<InetAddress, Path.Kind> kind,
      CompletableFuture<Connection> outcome) {
    Bootstrap bootstrap =
        new Bootstrap()
            .group(loops)
            .channel(epoll ? EpollSocketChannel.class : NioSocketChannel.class)
            .option(ChannelOption.TCP_NODELAY, true)
            .option(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
            .option(ChannelOption.RECVBUF_ALLOCATOR, TcpOptions.receiving())
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, TcpOptions.millis(patience))
            .handler(
                layer.dialling(
                    peer, channel -> path(channel, kind.apply(remote.getAddress())), outcome));
    if (local != null) {
      TcpPunch.share(bootstrap);
    }
    ChannelFuture connecting = bootstrap.connect(remote, local);
    Channel channel = connecting.channel();
    boolean _ = channels.add(channel);
    var _ =
        outcome.thenAccept(
            connection -> {
              channel.attr(CONNECTION).set(connection);
              TcpOptions.boundWriteAhead(channel);
            });
    var _ =
        connecting.addListener(
            done -> {
              if (!done.isSuccess()) {
                outcome.completeExceptionally(done.cause());
              }
            });
    return channel;
  }

  @Override
  public void close() {
    closed = true;
    listening.close().awaitUninterruptibly(CLOSE.toMillis());
    for (Channel channel : channels) {
      Connection connection = channel.attr(CONNECTION).get();
      if (connection == null) {
        var _ = channel.close();
      } else {
        connection.close("this node stops");
      }
    }
    channels.newCloseFuture().awaitUninterruptibly(CLOSE.toMillis());
    loops
        .shutdownGracefully(0, CLOSE.toMillis(), TimeUnit.MILLISECONDS)
        .awaitUninterruptibly(CLOSE.toMillis());
  }
}
