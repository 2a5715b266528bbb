package dev.godwit.quic;

import dev.godwit.identity.Identity;
import dev.godwit.identity.LeafVerifier;
import dev.godwit.identity.NodeId;
import dev.godwit.identity.RenewingLeaf;
import dev.godwit.limit.Source;
import dev.godwit.path.AddressText;
import dev.godwit.path.Candidate;
import dev.godwit.path.CheckToken;
import dev.godwit.path.Checks;
import dev.godwit.path.StunAgent;
import dev.godwit.stream.AcceptedConnections;
import dev.godwit.stream.Connection;
import dev.godwit.stream.DialRace;
import dev.godwit.stream.Failures;
import dev.godwit.stream.Interruption;
import dev.godwit.stream.Path;
import dev.godwit.stream.Transport;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.unix.IntegerUnixChannelOption;
import io.netty.handler.codec.quic.EpollQuicUtils;
import io.netty.handler.codec.quic.FlushStrategy;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicChannelOption;
import io.netty.handler.codec.quic.QuicClientCodecBuilder;
import io.netty.handler.codec.quic.QuicCodecBuilder;
import io.netty.handler.codec.quic.QuicCongestionControlAlgorithm;
import io.netty.handler.codec.quic.QuicConnectionAddress;
import io.netty.handler.codec.quic.QuicServerCodecBuilder;
import io.netty.handler.codec.quic.QuicSslContext;
import io.netty.handler.codec.quic.QuicSslContextBuilder;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.codec.quic.SegmentedDatagramPacketAllocator;
import io.netty.handler.ssl.ClientAuth;
import io.netty.util.AttributeKey;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * QUIC on one UDP socket, for both directions. Both sides show a leaf certificate that their
 * identity issued; the dialler accepts only the identity that it wants, the accepting side any that
 * is genuine. The certificate is judged again when the handshake is over, since a resumed session
 * does not show it to the trust manager. There is no early data.
 */
public final class QuicTransport implements Transport {
  private static final Logger LOG = LoggerFactory.getLogger(QuicTransport.class);
  private static final String ALPN = "godwit/1";
  private static final Duration LEAF_LIFETIME = Duration.ofHours(24);
  private static final Duration CLOSE = Duration.ofSeconds(3);

  /** For the handshake, though the checks took all the time. */
  private static final Duration LEAST_DIAL = Duration.ofSeconds(1);

  /**
   * Packets at once to a peer that nothing is known of yet: enough for the answer to a program's
   * first read and what lies around it in one round trip.
   */
  private static final int INITIAL_WINDOW = 36;

  private static final int SOCKET_BUFFER = 4 << 20;
  private static final int SEGMENTS = 32;

  /** Most bytes that the kernel puts together; with less room it would cut them off. */
  private static final int TRAIN = 64 * 1024;

  /** Of IP_MTU_DISCOVER, as {@code ip(7)} has it: never cut, and do not believe routers. */
  private static final int PROBE = 3;

  private static final List<IntegerUnixChannelOption> MTU_DISCOVER =
      List.of(
          new IntegerUnixChannelOption("IP_MTU_DISCOVER", 0, 10),
          new IntegerUnixChannelOption("IPV6_MTU_DISCOVER", 41, 23));

  /** What passes nearly everywhere, where packets cannot be kept from being cut. */
  private static final int UNPROBED = 1350;

  /** How many are received before anything is answered. */
  private static final int TRAINS = 16;

  private static final AttributeKey<NodeId> WANTED =
      AttributeKey.valueOf(QuicTransport.class, "WANTED");
  private static final AttributeKey<QuicConnection> CONNECTION =
      AttributeKey.valueOf(QuicTransport.class, "CONNECTION");

  private final QuicSettings settings;
  private final LeafVerifier verifier;
  private final RenewingLeaf leaf;
  private final ConnectionIds ids;
  private final RetryTokens retry;
  private final EventLoopGroup loops;
  private final Channel socket;
  private final Demultiplexer demultiplexer;
  private final StunAgent stun;
  private final Set<Checks> checks = ConcurrentHashMap.newKeySet();
  private final AcceptedConnections incoming = new AcceptedConnections("quic-accept");

  /**
   * Opens the socket.
   *
   * @param bind address and port; port 0 lets the system choose
   * @throws BindException when the port is taken; the message names it
   * @throws IOException when the socket cannot be opened
   */
  public QuicTransport(
      Identity identity,
      InetSocketAddress bind,
      QuicSettings settings,
      InstantSource clock,
      SecureRandom random)
      throws IOException {
    this.settings = settings;
    this.verifier = new LeafVerifier(clock);
    this.leaf = new RenewingLeaf(identity, clock, LEAF_LIFETIME, random);
    this.ids = new ConnectionIds(random);
    this.retry = new RetryTokens(clock, random, settings.freeHandshakes());
    this.stun = new StunAgent(this::send, random);
    this.demultiplexer = new Demultiplexer(stun::received);
    boolean epoll = Epoll.isAvailable();
    this.loops =
        new MultiThreadIoEventLoopGroup(
            1,
            new DefaultThreadFactory("godwit-quic", true),
            epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
    try {
      this.socket = open(bind, epoll);
    } catch (IOException e) {
      var _ = loops.shutdownGracefully(0, 0, TimeUnit.MILLISECONDS);
      throw e;
    }
  }

  private Channel open(InetSocketAddress bind, boolean epoll) throws IOException {
    ChannelHandler server = serverCodec(epoll);
    ChannelHandler client = clientCodec(epoll);
    Bootstrap bootstrap =
        new Bootstrap()
            .group(loops)
            .channel(epoll ? EpollDatagramChannel.class : NioDatagramChannel.class)
            .option(ChannelOption.SO_RCVBUF, SOCKET_BUFFER)
            .option(ChannelOption.SO_SNDBUF, SOCKET_BUFFER)
            .option(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
            .handler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    channel
                        .pipeline()
                        .addLast("demultiplexer", demultiplexer)
                        .addLast(Demultiplexer.SERVER, server)
                        .addLast(Demultiplexer.CLIENT, client);
                  }
                });
    if (epoll) {
      // The kernel hands over a whole train of packets in one piece (decision 007).
      bootstrap
          .option(EpollChannelOption.UDP_GRO, true)
          .option(
              ChannelOption.RECVBUF_ALLOCATOR,
              new FixedRecvByteBufAllocator(TRAIN).maxMessagesPerRead(TRAINS));
    } else {
      bootstrap.option(
          ChannelOption.RECVBUF_ALLOCATOR,
          new FixedRecvByteBufAllocator(Math.max(2048, settings.payload() + 64)));
    }
    var bound = bootstrap.bind(bind).awaitUninterruptibly();
    if (!bound.isSuccess()) {
      var failure =
          new BindException("UDP " + AddressText.format(bind) + ": " + bound.cause().getMessage());
      failure.initCause(bound.cause());
      throw failure;
    }
    if (epoll) {
      probe(bound.channel());
    }
    return bound.channel();
  }

  /**
   * Has the kernel never cut a packet in pieces: what does not fit into an interface is not sent,
   * and what does not fit into the path does not arrive, so that QUIC finds the size that fits (RFC
   * 9000 section 14.3).
   */
  private static void probe(Channel socket) {
    for (var option : MTU_DISCOVER) {
      try {
        socket.config().setOption(option, PROBE);
      } catch (ChannelException e) {
        // A socket of the other family; it has its own option.
        LOG.debug("{} is not known to this socket", option, e);
      }
    }
  }

  private <B extends QuicCodecBuilder<B>> B tune(B builder, boolean epoll) {
    return builder
        .localConnectionIdLength(ConnectionIds.LENGTH)
        .maxIdleTimeout(settings.idleTimeout().toMillis(), TimeUnit.MILLISECONDS)
        .initialMaxData(settings.connectionWindow())
        .initialMaxStreamDataBidirectionalLocal(settings.streamWindow())
        .initialMaxStreamDataBidirectionalRemote(settings.streamWindow())
        .initialMaxStreamsBidirectional(settings.maxStreams())
        .maxSendUdpPayloadSize(epoll ? settings.payload() : Math.min(settings.payload(), UNPROBED))
        .maxRecvUdpPayloadSize(65527)
        .discoverPmtu(epoll)
        .congestionControlAlgorithm(QuicCongestionControlAlgorithm.BBR)
        .initialCongestionWindowPackets(INITIAL_WINDOW)
        .activeMigration(true)
        .activeConnectionIdLimit(4)
        .datagram(16, 16)
        .flushStrategy(FlushStrategy.afterNumPackets(4));
  }

  private static SegmentedDatagramPacketAllocator segments(boolean epoll) {
    return epoll
        ? EpollQuicUtils.newSegmentedAllocator(SEGMENTS)
        : SegmentedDatagramPacketAllocator.NONE;
  }

  private ChannelHandler serverCodec(boolean epoll) {
    QuicSslContext tls =
        QuicSslContextBuilder.forServer(leaf.keyManager(), null)
            .trustManager(verifier.trustingAnyIdentity())
            .clientAuth(ClientAuth.REQUIRE)
            .applicationProtocols(ALPN)
            .earlyData(false)
            .build();
    return tune(new QuicServerCodecBuilder(), epoll)
        .sslContext(tls)
        .tokenHandler(retry)
        .connectionIdAddressGenerator(ids)
        .option(QuicChannelOption.SEGMENTED_DATAGRAM_PACKET_ALLOCATOR, segments(epoll))
        .option(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
        .handler(
            new ChannelInitializer<QuicChannel>() {
              @Override
              protected void initChannel(QuicChannel channel) {
                channel.pipeline().addLast(new Accepted());
              }
            })
        .streamHandler(streams())
        .build();
  }

  private ChannelHandler clientCodec(boolean epoll) {
    return tune(new QuicClientCodecBuilder(), epoll)
        .sslEngineProvider(
            channel -> {
              NodeId wanted = channel.attr(WANTED).get();
              return QuicSslContextBuilder.forClient()
                  .keyManager(leaf.keyManager(), null)
                  .trustManager(verifier.trusting(wanted))
                  .endpointIdentificationAlgorithm(null)
                  .applicationProtocols(ALPN)
                  .earlyData(false)
                  .build()
                  .newEngine(channel.alloc());
            })
        .build();
  }

  /** Streams of a connection that is not known yet cannot be: they come after the handshake. */
  private static ChannelInitializer<QuicStreamChannel> streams() {
    return new ChannelInitializer<>() {
      @Override
      protected void initChannel(QuicStreamChannel stream) {
        QuicConnection connection = stream.parent().attr(CONNECTION).get();
        if (connection == null) {
          var _ = stream.close();
        } else {
          connection.accept(stream);
        }
      }
    };
  }

  private NodeId prove(QuicChannel channel) throws IOException {
    try {
      Certificate[] shown =
          Objects.requireNonNull(channel.sslEngine()).getSession().getPeerCertificates();
      X509Certificate[] chain = new X509Certificate[shown.length];
      for (int i = 0; i < shown.length; i++) {
        chain[i] = (X509Certificate) shown[i];
      }
      return verifier.verify(chain);
    } catch (SSLPeerUnverifiedException | CertificateException | ClassCastException e) {
      throw new IOException("the peer did not prove its identity: " + e.getMessage(), e);
    }
  }

  /** First handler of an accepted connection, until the handshake is over. */
  private final class Accepted extends ChannelInboundHandlerAdapter {
    private @Nullable Source begun;

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
      Source source = source(((QuicChannel) context.channel()).remoteSocketAddress());
      if (retry.begun(source)) {
        begun = source;
      } else {
        LOG.debug("a connection was refused: too many handshakes under way");
        var _ = context.close();
      }
    }

    private static Source source(@Nullable SocketAddress remote) {
      return remote instanceof InetSocketAddress address
          ? Source.of(address.getAddress())
          : new Source(String.valueOf(remote));
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
      if (begun != null) {
        retry.ended(begun);
        begun = null;
      }
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
      QuicChannel channel = (QuicChannel) context.channel();
      try {
        QuicConnection connection = begin(channel, prove(channel));
        context.pipeline().remove(this);
        incoming.hand(connection);
      } catch (IOException e) {
        LOG.debug("a connection was refused", e);
        var _ = context.close();
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      LOG.debug("a handshake failed", cause);
      var _ = context.close();
    }
  }

  private QuicConnection begin(QuicChannel channel, NodeId peer) {
    QuicConnection connection =
        new QuicConnection(channel, peer, kind(channel.remoteSocketAddress()));
    channel.attr(CONNECTION).set(connection);
    channel.pipeline().addLast(connection.new Events());
    connection.begin(settings.keepAlive());
    return connection;
  }

  @Override
  public void listen(Consumer<Connection> listener) {
    incoming.listen(listener);
  }

  @Override
  public String name() {
    return "quic";
  }

  /** The address and port that the socket is bound to. */
  public InetSocketAddress boundTo() {
    return (InetSocketAddress) socket.localAddress();
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

  private void send(ByteBuffer datagram, InetSocketAddress to) {
    demultiplexer.send(datagram, to);
  }

  /**
   * How this socket looks to a STUN server. Blocks.
   *
   * @throws IOException when it does not answer within {@code patience}
   */
  public InetSocketAddress reflexive(InetSocketAddress server, Duration patience)
      throws IOException {
    return stun.reflexive(server, patience);
  }

  /**
   * Begins to check which of a peer's candidates can be reached from this socket; the peer must do
   * the same with the same token. Connections that it makes from one of them meanwhile are known to
   * be {@link Path.Kind#PUNCHED}, if they are.
   *
   * @param patience how long to go on, unless it is closed before
   */
  public Checks check(CheckToken token, Collection<Candidate> candidates, Duration patience) {
    Checks begun = stun.check(token, candidates, patience);
    checks.add(begun);
    var _ = begun.ended().thenRun(() -> checks.remove(begun));
    return begun;
  }

  /** How the way to an address was found: by checks that are under way, or straight. */
  private Path.Kind kind(@Nullable SocketAddress remote) {
    return remote instanceof InetSocketAddress address
            && checks.stream()
                .flatMap(one -> one.find(address).stream())
                .anyMatch(candidate -> candidate.kind() != Candidate.Kind.HOST)
        ? Path.Kind.PUNCHED
        : Path.Kind.DIRECT;
  }

  /**
   * Connects to the first candidate that answers.
   *
   * @param checks under way on this transport
   * @param timeout how long the whole attempt may take, positive
   * @throws IOException when none answers in time, or the one that did is not {@code peer}
   */
  public Connection dial(NodeId peer, Checks checks, Duration timeout) throws IOException {
    long start = System.nanoTime();
    Candidate found;
    try {
      found = checks.reachable().get(timeout.toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new IOException(
          peer.shortForm() + " cannot be reached: no answer from " + checks.described(), e);
    } catch (InterruptedException e) {
      throw Interruption.passedOn("interrupted while dialling", e);
    }
    Duration left = timeout.minusNanos(System.nanoTime() - start);
    if (left.isNegative() || left.isZero()) {
      left = LEAST_DIAL;
    }
    return dial(peer, List.of(AddressText.format(found.address())), left);
  }

  @Override
  public Connection dial(NodeId peer, List<String> addresses, Duration timeout) throws IOException {
    if (addresses.isEmpty()) {
      throw new IOException("no address of " + peer.shortForm() + " is known");
    }
    DialRace race = new DialRace(addresses.size());
    for (String address : addresses) {
      try {
        CompletableFuture<Connection> outcome = new CompletableFuture<>();
        connect(peer, AddressText.parse(address), timeout, outcome);
        // A handshake under way is left to itself: the race closes what it leads to.
        race.run(address, () -> {}, outcome);
      } catch (RejectedExecutionException e) {
        throw new IOException("this node stops", e);
      } catch (IllegalArgumentException e) {
        race.failed(address, Failures.text(e));
      }
    }
    return race.winner(peer, addresses, timeout);
  }

  /** Begins one connection. */
  private void connect(
      NodeId peer,
      InetSocketAddress remote,
      Duration timeout,
      CompletableFuture<Connection> outcome) {
    Future<QuicChannel> connected =
        QuicChannel.newBootstrap(socket)
            .attr(WANTED, peer)
            .option(
                QuicChannelOption.SEGMENTED_DATAGRAM_PACKET_ALLOCATOR,
                segments(Epoll.isAvailable()))
            .option(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) timeout.toMillis())
            .handler(new Dialled())
            .streamHandler(streams())
            .localConnectionAddress(new QuicConnectionAddress(ids.dialling()))
            .remoteConnectionAddress(new QuicConnectionAddress(ids.accepting()))
            .remoteAddress(remote)
            .connect();
    connected.addListener(
        (Future<QuicChannel> done) -> {
          if (!done.isSuccess()) {
            outcome.completeExceptionally(explained(done.cause(), timeout));
            return;
          }
          QuicChannel channel = done.getNow();
          try {
            NodeId proven = prove(channel);
            if (!proven.equals(peer)) {
              throw new IOException("it is " + proven.shortForm());
            }
            outcome.complete(begin(channel, proven));
          } catch (IOException e) {
            var _ = channel.close();
            outcome.completeExceptionally(e);
          }
        });
  }

  /** The library's message names connection ids, which tell nobody anything. */
  private static Throwable explained(Throwable failure, Duration timeout) {
    return failure instanceof ConnectTimeoutException
        ? new IOException("no answer within " + timeout.toMillis() + " ms", failure)
        : failure;
  }

  /** Keeps errors of a handshake out of the log; the dialler hears of them anyway. */
  private static final class Dialled extends ChannelInboundHandlerAdapter {
    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      LOG.debug("a dialled connection failed", cause);
      var _ = context.close();
    }
  }

  @Override
  public void close() {
    socket.close().awaitUninterruptibly(CLOSE.toMillis());
    loops
        .shutdownGracefully(0, CLOSE.toMillis(), TimeUnit.MILLISECONDS)
        .awaitUninterruptibly(CLOSE.toMillis());
  }
}
