package dev.godwit.tls;

import dev.godwit.identity.Identity;
import dev.godwit.identity.LeafVerifier;
import dev.godwit.identity.NodeId;
import dev.godwit.identity.RenewingLeaf;
import dev.godwit.stream.Connection;
import dev.godwit.stream.Failures;
import dev.godwit.stream.Path;
import dev.godwit.tls.Multiplexer.Side;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.OpenSslSessionContext;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * TLS 1.3 and the multiplexer, for any Netty channel whose messages are {@code ByteBuf}s: a TCP
 * socket, or a channel that a relay splices to the peer. Both sides show a leaf certificate that
 * their identity issued (decision 001); no session is ever resumed, and the certificate is judged
 * once more when the handshake is over, before there is a {@link Connection}. Thread-safe.
 */
public final class TlsLayer {
  private static final Logger LOG = LoggerFactory.getLogger(TlsLayer.class);

  /** What the two sides agree to speak, by ALPN (RFC 7301). */
  static final String PROTOCOL = "godwit-tls/1";

  private static final String VERSION = "TLSv1.3";
  private static final Duration LEAF_LIFETIME = Duration.ofHours(24);

  private final SslProvider provider;
  private final LeafVerifier verifier;
  private final RenewingLeaf leaf;
  private final SslContext accepting;
  private final Duration handshake;

  /**
   * A layer for the connections of one node.
   *
   * @param handshake how long a handshake may take, positive
   * @throws IOException when this machine's TLS cannot do what is needed
   */
  public TlsLayer(Identity identity, Duration handshake, InstantSource clock, SecureRandom random)
      throws IOException {
    this(
        identity,
        handshake,
        clock,
        random,
        OpenSsl.isAvailable() ? SslProvider.OPENSSL_REFCNT : SslProvider.JDK);
  }

  TlsLayer(
      Identity identity,
      Duration handshake,
      InstantSource clock,
      SecureRandom random,
      SslProvider provider)
      throws IOException {
    this.handshake = handshake;
    this.provider = provider;
    this.verifier = new LeafVerifier(clock);
    this.leaf = new RenewingLeaf(identity, clock, LEAF_LIFETIME, random);
    this.accepting = acceptingContext();
  }

  private static ApplicationProtocolConfig protocols() {
    return new ApplicationProtocolConfig(
        ApplicationProtocolConfig.Protocol.ALPN,
        ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
        ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
        PROTOCOL);
  }

  private SslContext acceptingContext() throws SSLException {
    // This one lives as long as the node and is left to the collector.
    SslContext context =
        SslContextBuilder.forServer(leaf.keyManager())
            .sslProvider(provider == SslProvider.OPENSSL_REFCNT ? SslProvider.OPENSSL : provider)
            .trustManager(verifier.trustingAnyIdentity())
            .clientAuth(ClientAuth.REQUIRE)
            .protocols(VERSION)
            .applicationProtocolConfig(protocols())
            .build();
    if (context.sessionContext() instanceof OpenSslSessionContext sessions) {
      sessions.setSessionCacheEnabled(false);
    }
    return context;
  }

  private SslContext diallingContext(NodeId peer) throws SSLException {
    return SslContextBuilder.forClient()
        .sslProvider(provider)
        .keyManager(leaf.keyManager())
        .trustManager(verifier.trusting(peer))
        .endpointIdentificationAlgorithm(null)
        .protocols(VERSION)
        .applicationProtocolConfig(protocols())
        .build();
  }

  /**
   * For a channel to {@code peer} of which this node is the dialling side; may be added to a
   * channel that is active already.
   *
   * @param path how the connection reaches the peer; asked once, when the peer is known
   * @param result gets the connection, or an {@link IOException} that says why there is none;
   *     completed on the channel's event loop. When it is done already, the connection is closed.
   */
  public ChannelInitializer<Channel> dialling(
      NodeId peer, Function<Channel, Path> path, CompletableFuture<Connection> result) {
    return new ChannelInitializer<>() {
      @Override
      protected void initChannel(Channel channel) throws SSLException {
        SslContext context = diallingContext(peer);
        try {
          install(
              channel,
              context,
              new Handshake(
                  Side.DIALLER,
                  peer,
                  path,
                  connection -> {
                    if (!result.complete(connection)) {
                      connection.close("another path was faster");
                    }
                  },
                  result::completeExceptionally));
        } finally {
          ReferenceCountUtil.release(context);
        }
      }

      @Override
      public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        result.completeExceptionally(new IOException(Failures.text(cause), cause));
        var _ = context.close();
      }
    };
  }

  /**
   * For a channel of which this node is the accepting side; may be added to a channel that is
   * active already, and to many.
   *
   * @param path how the connection reaches the peer; asked once for each, when the peer is known
   * @param accepted gets each connection on its event loop, and must not block
   */
  public ChannelInitializer<Channel> accepting(
      Function<Channel, Path> path, Consumer<Connection> accepted) {
    return new Accepting(path, accepted);
  }

  private final class Accepting extends ChannelInitializer<Channel> {
    private final Function<Channel, Path> path;
    private final Consumer<Connection> accepted;

    Accepting(Function<Channel, Path> path, Consumer<Connection> accepted) {
      this.path = path;
      this.accepted = accepted;
    }

    @Override
    protected void initChannel(Channel channel) {
      install(
          channel,
          accepting,
          new Handshake(
              Side.ACCEPTOR,
              null,
              path,
              accepted,
              failure -> LOG.debug("a connection was refused: {}", failure.getMessage())));
    }
  }

  private void install(Channel channel, SslContext context, Handshake last) {
    SslHandler tls = context.newHandler(channel.alloc());
    tls.setHandshakeTimeoutMillis(handshake.toMillis());
    last.tls = tls;
    channel.pipeline().addLast(tls, last);
  }

  /** The channel's last handler until the peer is known; then the multiplexer takes its place. */
  private final class Handshake extends ChannelInboundHandlerAdapter {
    private final Side side;
    private final @Nullable NodeId wanted;
    private final Function<Channel, Path> path;
    private final Consumer<Connection> done;
    private final Consumer<IOException> failed;
    private boolean over;

    /** Ours: below a relayed connection there is another one. */
    private @Nullable SslHandler tls;

    Handshake(
        Side side,
        @Nullable NodeId wanted,
        Function<Channel, Path> path,
        Consumer<Connection> done,
        Consumer<IOException> failed) {
      this.side = side;
      this.wanted = wanted;
      this.path = path;
      this.done = done;
      this.failed = failed;
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
      if (!(event instanceof SslHandshakeCompletionEvent completion)) {
        context.fireUserEventTriggered(event);
        return;
      }
      if (!completion.isSuccess()) {
        fail(context, completion.cause());
        return;
      }
      try {
        NodeId peer = prove(Objects.requireNonNull(tls));
        TlsConnection connection =
            new TlsConnection(peer, path.apply(context.channel()), context.channel(), side);
        over = true;
        context.pipeline().replace(this, "multiplexer", connection.handler());
        done.accept(connection);
      } catch (IOException e) {
        fail(context, e);
      }
    }

    private NodeId prove(SslHandler handler) throws IOException {
      String agreed = handler.applicationProtocol();
      if (!PROTOCOL.equals(agreed)) {
        throw new IOException("the peer does not speak " + PROTOCOL);
      }
      NodeId proven;
      try {
        Certificate[] shown = handler.engine().getSession().getPeerCertificates();
        X509Certificate[] chain = new X509Certificate[shown.length];
        for (int i = 0; i < shown.length; i++) {
          chain[i] = (X509Certificate) shown[i];
        }
        proven = verifier.verify(chain);
      } catch (SSLPeerUnverifiedException | CertificateException | ClassCastException e) {
        throw new IOException("the peer did not prove its identity: " + e.getMessage(), e);
      }
      if (wanted != null && !proven.equals(wanted)) {
        throw new IOException("it is " + proven.shortForm());
      }
      return proven;
    }

    private void fail(ChannelHandlerContext context, Throwable cause) {
      if (!over) {
        over = true;
        failed.accept(
            cause instanceof IOException io && cause.getCause() == null
                ? io
                : new IOException(Failures.text(cause), cause));
      }
      var _ = context.close();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      fail(context, new IOException("the peer closed the connection during the handshake"));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      fail(context, cause);
    }
  }
}
