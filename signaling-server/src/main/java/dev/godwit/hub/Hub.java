package dev.godwit.hub;

import dev.godwit.identity.HubFingerprint;
import dev.godwit.signaling.HubDraining;
import dev.godwit.signaling.HubProtocol;
import dev.godwit.signaling.proto.Draining;
import dev.godwit.signaling.proto.FromHub;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running hub: the control channel (WebSocket over TLS 1.3 on one TCP port, which also answers
 * {@code GET /health}) and STUN (UDP, on the same port number and maybe on a second one). It keeps
 * nothing that a restart would lose for good: nodes log in again by themselves.
 */
public final class Hub implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Hub.class);
  private static final int MAX_EVENT_LOOPS = 4;
  private static final int MAX_HTTP_BYTES = 8 * 1024;
  private static final int BACKLOG = 1024;
  private static final int PORT_ATTEMPTS = 16;

  /** To one address; a node asks for two in 15 s, and for a dozen when it probes its NAT. */
  private static final int STUN_ANSWERS_PER_SECOND = 100;

  private static final Duration FAREWELL = Duration.ofSeconds(2);
  private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(3);
  private static final Duration SWEEP = Duration.ofMinutes(1);

  private final HubConfig config;
  private final SocketKind sockets = SocketKind.best();
  private final EventLoopGroup loops;
  private final ChannelGroup connections =
      new DefaultChannelGroup("hub-connections", GlobalEventExecutor.INSTANCE, true);
  private final List<Channel> listeners = new ArrayList<>();
  private final AddressQuota quota;
  private final StunQuota stunQuota;
  private final Presence presence;
  private StunSockets firstStun = new StunSockets();
  private final List<Integer> stunPorts = new CopyOnWriteArrayList<>();
  private final HubServices services;
  private final Instant startedAt;
  private final AtomicBoolean closed = new AtomicBoolean();

  /** Writes lists of revocations, one after another. */
  private final ExecutorService writer =
      Executors.newSingleThreadExecutor(Thread.ofVirtual().name("hub-revocations").factory());

  private Hub(HubConfig config) throws IOException {
    this.config = config;
    this.quota = new AddressQuota(config.limits(), config.clock());
    this.stunQuota = new StunQuota(config.clock(), config.random(), STUN_ANSWERS_PER_SECOND);
    this.presence = new Presence(config.limits(), config.clock());
    RevocationBoard revocations = new RevocationBoard(config.limits().revocationBytes());
    this.services =
        new HubServices(
            config.certificate().fingerprint(),
            config.limits(),
            quota,
            presence,
            revocations,
            new Router(
                presence,
                revocations,
                new RevocationIntake(config.limits().revocationBytes() / 4, config.clock())),
            config.relay().map(Relay::new),
            stunPorts,
            config.clock(),
            config.random());
    if (config.revocations().isPresent()) {
      RevocationFolder.connect(config.revocations().get(), revocations, writer);
    }
    this.startedAt = config.clock().instant();
    int threads = Math.min(MAX_EVENT_LOOPS, Runtime.getRuntime().availableProcessors());
    this.loops =
        new MultiThreadIoEventLoopGroup(
            threads, new DefaultThreadFactory("hub", true), sockets.handlers());
  }

  /**
   * Starts a hub; it serves when this returns.
   *
   * @throws BindException naming the address, when it cannot be listened on
   */
  public static Hub start(HubConfig config) throws IOException {
    Hub hub = new Hub(config);
    try {
      hub.open();
      return hub;
    } catch (IOException | RuntimeException e) {
      hub.close();
      throw e;
    }
  }

  private void open() throws IOException {
    SslContext tls =
        SslContextBuilder.forServer(config.certificate().keyManager())
            .sslProvider(SslProvider.JDK)
            .protocols("TLSv1.3")
            .build();
    bindPair(tls);
    if (config.secondStunPort().isPresent()) {
      listenForStunToo(config.secondStunPort().getAsInt());
    }
    var _ =
        loops.scheduleWithFixedDelay(
            quota::sweep, SWEEP.toMillis(), SWEEP.toMillis(), TimeUnit.MILLISECONDS);
    LOG.info("The hub listens on {}, STUN on UDP {}", address(), stunPorts);
  }

  /** Binds TCP and UDP to the same port; when the port is free to choose, until both succeed. */
  private void bindPair(SslContext tls) throws IOException {
    for (int attempt = 1; ; attempt++) {
      Channel server = bindServer(config.listen(), tls);
      listeners.add(server);
      try {
        firstStun = listenForStun((InetSocketAddress) server.localAddress());
        return;
      } catch (BindException e) {
        listeners.clear();
        server.close().awaitUninterruptibly(CLOSE_PATIENCE.toMillis());
        if (config.listen().getPort() != 0 || attempt == PORT_ATTEMPTS) {
          throw e;
        }
      }
    }
  }

  private Channel bindServer(InetSocketAddress address, SslContext tls) throws BindException {
    ServerBootstrap bootstrap =
        new ServerBootstrap()
            .group(loops)
            .channel(sockets.server())
            .option(ChannelOption.SO_BACKLOG, BACKLOG)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childOption(ChannelOption.SO_KEEPALIVE, true)
            .childHandler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel channel) {
                    Hub.this.initialize(channel, tls);
                  }
                });
    return bound(bootstrap.bind(address), "TCP", address);
  }

  /**
   * Listens at one port. Where all addresses are listened on there is one socket more for each of
   * them: who asks one has to be answered from it, and the socket of all answers from whichever the
   * system likes.
   */
  private StunSockets listenForStun(InetSocketAddress address) throws BindException {
    List<InetAddress> all = LocalAddresses.of(address.getAddress());
    StunSockets opened = new StunSockets();
    opened.add(bindStun(address, all.size() > 1));
    int port = opened.address().getPort();
    for (InetAddress one : all.subList(1, all.size())) {
      try {
        opened.add(bindStun(new InetSocketAddress(one, port), true));
      } catch (BindException e) {
        // It has just gone, or takes no datagrams; the socket of all addresses is there.
        LOG.info("{}", e.getMessage());
      }
    }
    stunPorts.add(port);
    return opened;
  }

  /** The port of TCP, which is bound first, keeps a second hub away, though others may share. */
  private Channel bindStun(InetSocketAddress address, boolean shared) throws BindException {
    Bootstrap bootstrap =
        new Bootstrap()
            .group(loops)
            .channel(sockets.datagram())
            .option(ChannelOption.SO_REUSEADDR, shared)
            .handler(new StunResponder(stunQuota));
    Channel stun = bound(bootstrap.bind(address), "UDP", address);
    listeners.add(stun);
    return stun;
  }

  /** Nodes learn the port at login, so that any one will do when the wanted one is taken. */
  private void listenForStunToo(int port) throws BindException {
    StunSockets second;
    try {
      second = listenForStun(new InetSocketAddress(config.listen().getAddress(), port));
    } catch (BindException e) {
      LOG.warn("{}; another port answers STUN instead", e.getMessage());
      second = listenForStun(new InetSocketAddress(config.listen().getAddress(), 0));
    }
    firstStun.pairWith(second);
  }

  private static Channel bound(ChannelFuture binding, String protocol, InetSocketAddress address)
      throws BindException {
    binding.awaitUninterruptibly(CLOSE_PATIENCE.toMillis());
    if (binding.isSuccess()) {
      return binding.channel();
    }
    var _ = binding.channel().close();
    Throwable cause = binding.cause();
    throw (BindException)
        new BindException(
                "The hub cannot listen on "
                    + protocol
                    + " "
                    + address.getAddress().getHostAddress()
                    + ":"
                    + address.getPort()
                    + ": "
                    + (cause == null ? "it takes too long" : cause.getMessage()))
            .initCause(cause);
  }

  private void initialize(SocketChannel channel, SslContext tls) {
    connections.add(channel);
    ConnectionGate gate = new ConnectionGate(quota, config.limits());
    channel
        .pipeline()
        .addLast("gate", gate)
        .addLast("tls", tls.newHandler(channel.alloc()))
        .addLast("http", new HttpServerCodec())
        .addLast("whole", new HttpObjectAggregator(MAX_HTTP_BYTES))
        .addLast(
            "door",
            new FrontDoor(config.limits().messageBytes(), this::health, rooms(gate, channel)));
  }

  private Map<String, Supplier<? extends Upgraded>> rooms(
      ConnectionGate gate, SocketChannel channel) {
    Map<String, Supplier<? extends Upgraded>> rooms = new HashMap<>();
    rooms.put(HubProtocol.PATH, () -> new HubConnection(services, gate, channel));
    services
        .relay()
        .ifPresent(
            relay ->
                rooms.put(
                    HubProtocol.RELAY_PATH,
                    () -> new RelayConnection(services, relay, gate, channel)));
    return rooms;
  }

  private String health() {
    Presence.Counts counts = presence.counts();
    return "{\"ok\":true,\"connections\":"
        + quota.connections()
        + ",\"nodes\":"
        + counts.nodes()
        + ",\"instances\":"
        + counts.instances()
        + ",\"meshes\":"
        + counts.meshes()
        + ",\"circuits\":"
        + services.relay().map(Relay::circuits).orElse(0)
        + ",\"uptimeSeconds\":"
        + Math.max(0, Duration.between(startedAt, config.clock().instant()).toSeconds())
        + "}\n";
  }

  /** Where nodes connect to, with the port that was picked. */
  public InetSocketAddress address() {
    return (InetSocketAddress) listeners.getFirst().localAddress();
  }

  /** Where STUN is answered. */
  public InetSocketAddress stunAddress() {
    return firstStun.address();
  }

  /** The further port that answers STUN, when there is one. */
  public OptionalInt secondStunPort() {
    return stunPorts.size() > 1 ? OptionalInt.of(stunPorts.get(1)) : OptionalInt.empty();
  }

  /** By what nodes recognize this hub. */
  public HubFingerprint fingerprint() {
    return config.certificate().fingerprint();
  }

  /**
   * Tells everybody that the hub is going to be closed, relays nothing new from now on, and waits
   * until the circuits are over, but no longer than it said.
   *
   * @throws InterruptedException when interrupted meanwhile
   */
  public void drain(HubDraining notice) throws InterruptedException {
    presence.broadcast(
        FromHub.newBuilder()
            .setDraining(
                Draining.newBuilder()
                    .setStartsInSeconds((int) notice.startsIn().toSeconds())
                    .setLastsSeconds((int) notice.lasts().toSeconds()))
            .build());
    if (services.relay().isPresent()) {
      services.relay().get().drain(notice.startsIn().toNanos());
    }
  }

  /** Circuits that are being relayed, or wait for their other side. */
  public int circuits() {
    return services.relay().map(Relay::circuits).orElse(0);
  }

  /**
   * Tells everybody, closes all connections and ends all threads. Takes a few seconds at most. Must
   * not be called on one of the hub's own threads.
   */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    for (Channel listener : listeners) {
      listener.close().awaitUninterruptibly(CLOSE_PATIENCE.toMillis());
    }
    for (Channel connection : connections) {
      connection.pipeline().fireUserEventTriggered(ConnectionEvent.SHUTTING_DOWN);
    }
    connections.newCloseFuture().awaitUninterruptibly(FAREWELL.toMillis());
    connections.close().awaitUninterruptibly(CLOSE_PATIENCE.toMillis());
    if (!loops
        .shutdownGracefully(0, CLOSE_PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
        .awaitUninterruptibly(2 * CLOSE_PATIENCE.toMillis())) {
      LOG.warn("The hub's threads take long to end");
    }
    writer.shutdown();
    try {
      if (!writer.awaitTermination(CLOSE_PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        LOG.warn("Some revocations take long to be written");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
