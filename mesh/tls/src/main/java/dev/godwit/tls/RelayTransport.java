package dev.godwit.tls;

import dev.godwit.identity.Identity;
import dev.godwit.identity.NodeId;
import dev.godwit.signaling.CircuitId;
import dev.godwit.signaling.HubDoor;
import dev.godwit.stream.AcceptedConnections;
import dev.godwit.stream.Connection;
import dev.godwit.stream.Failures;
import dev.godwit.stream.Interruption;
import dev.godwit.stream.Path;
import dev.godwit.stream.Transport;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.AttributeKey;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The same TLS and multiplexer as {@link TlsTransport}, end to end through the relay of a hub: both
 * nodes open a WebSocket to the hub and name the same circuit, and the hub splices them. It sees
 * nothing but TLS. For nodes that reach each other in no other way, and for the first moment of
 * those that do.
 */
public final class RelayTransport implements Transport {
  private static final Logger LOG = LoggerFactory.getLogger(RelayTransport.class);
  private static final Duration HANDSHAKE = Duration.ofSeconds(20);
  private static final Duration CLOSE = Duration.ofSeconds(3);
  private static final int THREADS = 2;
  private static final int MAX_RESPONSE = 8 * 1024;

  private static final AttributeKey<Connection> CONNECTION =
      AttributeKey.valueOf(RelayTransport.class, "CONNECTION");

  private final TlsLayer layer;
  private final Access access;
  private final Invitations invitations;
  private final String address;
  private final SecureRandom random;
  private final EventLoopGroup loops;
  private final boolean epoll = Epoll.isAvailable();
  private final ChannelGroup channels = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
  private final AcceptedConnections incoming = new AcceptedConnections("relay-accept");
  private volatile boolean closed;

  /** What is known of the relay now. */
  @FunctionalInterface
  public interface Access {
    /**
     * The relay to use now.
     *
     * @throws IOException when there is none, saying why
     */
    RelayAccess get() throws IOException;
  }

  /**
   * A transport without any connection yet.
   *
   * @param address by which peers invite this node, in the form that {@code invitations} take
   */
  public RelayTransport(
      Identity identity,
      String address,
      Access access,
      Invitations invitations,
      InstantSource clock,
      SecureRandom random)
      throws IOException {
    this.layer = new TlsLayer(identity, HANDSHAKE, clock, random);
    this.access = access;
    this.invitations = invitations;
    this.address = address;
    this.random = random;
    this.loops =
        new MultiThreadIoEventLoopGroup(
            THREADS,
            new DefaultThreadFactory("godwit-relay", true),
            epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
  }

  @Override
  public String name() {
    return "relay";
  }

  @Override
  public List<String> addresses() {
    return List.of(address);
  }

  @Override
  public Connection dial(NodeId peer, List<String> addresses, Duration timeout) throws IOException {
    if (addresses.isEmpty()) {
      throw new IOException("no address of " + peer.shortForm() + " is known");
    }
    CircuitId circuit = CircuitId.random(random);
    invitations.invite(peer, addresses.getFirst(), circuit);
    return dial(peer, circuit, timeout);
  }

  /**
   * Connects to a peer in a circuit to which it has been or is being invited.
   *
   * @throws IOException when that does not lead to that peer within {@code timeout}
   */
  public Connection dial(NodeId peer, CircuitId circuit, Duration timeout) throws IOException {
    CompletableFuture<Connection> outcome = new CompletableFuture<>();
    Channel channel =
        enter(
            circuit,
            relay -> layer.dialling(peer, of -> path(relay), outcome),
            outcome::completeExceptionally,
            timeout);
    try {
      Connection connection = outcome.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
      channel.attr(CONNECTION).set(connection);
      return connection;
    } catch (ExecutionException e) {
      throw new IOException(
          peer.shortForm() + " cannot be reached through the relay: " + Failures.text(e), e);
    } catch (TimeoutException e) {
      boolean _ = outcome.cancel(false);
      var _ = channel.close();
      throw new IOException(
          peer.shortForm()
              + " cannot be reached through the relay: it did not answer within "
              + timeout.toMillis()
              + " ms",
          e);
    } catch (InterruptedException e) {
      boolean _ = outcome.cancel(false);
      var _ = channel.close();
      throw Interruption.passedOn("interrupted while dialling", e);
    }
  }

  /**
   * Goes to where a peer has invited this node. Returns at once; the connection goes to the
   * listener. When nobody comes nothing happens.
   *
   * @param patience how long to wait there
   * @return completes when the connection is over, or there will be none
   */
  public CompletableFuture<Boolean> accept(CircuitId circuit, Duration patience) {
    CompletableFuture<Boolean> known = new CompletableFuture<>();
    CompletableFuture<Boolean> over = new CompletableFuture<>();
    try {
      Channel channel =
          enter(
              circuit,
              relay ->
                  layer.accepting(
                      of -> path(relay),
                      connection -> {
                        boolean _ = known.complete(true);
                        incoming.hand(connection);
                      }),
              failure -> LOG.debug("an invitation led to nothing", failure),
              patience);
      var _ = channel.closeFuture().addListener(_ -> over.complete(true));
      var _ =
          known
              .orTimeout(patience.toMillis(), TimeUnit.MILLISECONDS)
              .exceptionally(
                  late -> {
                    var _ = channel.close();
                    return false;
                  });
    } catch (IOException | RuntimeException e) {
      LOG.debug("an invitation could not be followed", e);
      boolean _ = over.complete(false);
    }
    return over;
  }

  private static Path path(RelayAccess relay) {
    return new Path(Path.Kind.RELAY, "relay", relay.hub().hostAndPort());
  }

  /** What is to run inside of a circuit of this relay. */
  @FunctionalInterface
  private interface Inside {
    ChannelInitializer<Channel> of(RelayAccess relay);
  }

  private Channel enter(
      CircuitId circuit, Inside inside, Consumer<IOException> failed, Duration timeout)
      throws IOException {
    if (closed) {
      throw new IOException("this node stops");
    }
    RelayAccess relay = access.get();
    InetSocketAddress remote = new HubDoor(relay.hub(), timeout).find().address();
    ChannelFuture connecting =
        new Bootstrap()
            .group(loops)
            .channel(epoll ? EpollSocketChannel.class : NioSocketChannel.class)
            .option(ChannelOption.TCP_NODELAY, true)
            .option(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
            .option(ChannelOption.RECVBUF_ALLOCATOR, TcpOptions.receiving())
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, TcpOptions.millis(timeout))
            .handler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) throws IOException {
                    SslContext tls = toHub(relay);
                    try {
                      channel
                          .pipeline()
                          .addLast(tls.newHandler(channel.alloc()))
                          .addLast(new HttpClientCodec())
                          .addLast(new HttpObjectAggregator(MAX_RESPONSE))
                          .addLast(new RelayDoor(relay, circuit, inside.of(relay), failed));
                    } finally {
                      ReferenceCountUtil.release(tls);
                    }
                  }
                })
            .connect(remote);
    Channel channel = connecting.channel();
    boolean _ = channels.add(channel);
    var _ =
        connecting.addListener(
            done -> {
              if (done.isSuccess()) {
                TcpOptions.boundWriteAhead(channel);
              } else {
                failed.accept(
                    new IOException(
                        relay.hub().hostAndPort() + ": " + Failures.text(done.cause())));
              }
            });
    return channel;
  }

  private static SslContext toHub(RelayAccess relay) throws IOException {
    return SslContextBuilder.forClient()
        .sslProvider(OpenSsl.isAvailable() ? SslProvider.OPENSSL_REFCNT : SslProvider.JDK)
        .trustManager(relay.hub().fingerprint().trust())
        .endpointIdentificationAlgorithm(null)
        .protocols("TLSv1.3")
        .build();
  }

  @Override
  public void listen(Consumer<Connection> listener) {
    incoming.listen(listener);
  }

  @Override
  public void close() {
    closed = true;
    for (Channel channel : channels) {
      @Nullable Connection connection = channel.attr(CONNECTION).get();
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
