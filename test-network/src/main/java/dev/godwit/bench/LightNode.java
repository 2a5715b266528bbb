package dev.godwit.bench;

import com.google.protobuf.ByteString;
import dev.godwit.identity.HubFingerprint;
import dev.godwit.identity.NodeId;
import dev.godwit.identity.Octets;
import dev.godwit.seal.SealingCertificate;
import dev.godwit.signaling.Credentials;
import dev.godwit.signaling.HubAddress;
import dev.godwit.signaling.HubProtocol;
import dev.godwit.signaling.RelayPass;
import dev.godwit.signaling.proto.Delivery;
import dev.godwit.signaling.proto.FromHub;
import dev.godwit.signaling.proto.Login;
import dev.godwit.signaling.proto.Pong;
import dev.godwit.signaling.proto.Route;
import dev.godwit.signaling.proto.RouteReport;
import dev.godwit.signaling.proto.ToHub;
import io.netty.buffer.ByteBufInputStream;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketClientProtocolConfig;
import io.netty.handler.codec.http.websocketx.WebSocketClientProtocolHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A node that can do no more than log in at a hub, and send and get boxes; thousands fit into one
 * process. Everything it hears comes on its event loop; sending is safe for any thread.
 */
final class LightNode extends SimpleChannelInboundHandler<BinaryWebSocketFrame> {
  private static final Duration VALIDITY = Duration.ofHours(1);
  private static final int MAX_HTTP_BYTES = 8192;

  private final Credentials credentials;
  private final HubFingerprint hub;
  private final InstantSource clock;
  private final Listener listener;
  private final CompletableFuture<LightNode> loggedIn = new CompletableFuture<>();
  private volatile @Nullable Channel channel;
  private volatile @Nullable Octets pass;

  /** Hears what the hub says to any of the nodes. */
  interface Listener {
    /** A box has come. */
    void delivered(LightNode to, Delivery delivery);

    /** The hub tells what became of a box. */
    void reported(LightNode from, RouteReport report);
  }

  LightNode(Credentials credentials, HubFingerprint hub, InstantSource clock, Listener listener) {
    this.credentials = credentials;
    this.hub = hub;
    this.clock = clock;
    this.listener = listener;
  }

  NodeId id() {
    return credentials.node();
  }

  /** What it shows at the hub's relay, once it is logged in. */
  RelayPass pass() {
    return new RelayPass(Objects.requireNonNull(pass));
  }

  /** How it connects to a hub. */
  static SslContext trusting(HubAddress hub) throws IOException {
    return SslContextBuilder.forClient()
        .sslProvider(SslProvider.JDK)
        .protocols("TLSv1.3")
        .trustManager(hub.fingerprint().trust())
        .endpointIdentificationAlgorithm("")
        .build();
  }

  /** What makes a channel to a hub the connection of this node. */
  ChannelInitializer<SocketChannel> pipeline(HubAddress address, SslContext tls) {
    URI uri = URI.create("wss://" + address.hostAndPort() + HubProtocol.PATH);
    return new ChannelInitializer<>() {
      @Override
      protected void initChannel(SocketChannel opened) {
        opened
            .pipeline()
            .addLast(tls.newHandler(opened.alloc()))
            .addLast(new HttpClientCodec())
            .addLast(new HttpObjectAggregator(MAX_HTTP_BYTES))
            .addLast(
                new WebSocketClientProtocolHandler(
                    WebSocketClientProtocolConfig.newBuilder()
                        .webSocketUri(uri)
                        .maxFramePayloadLength(1 << 20)
                        .build()))
            .addLast(LightNode.this);
      }
    };
  }

  /** Completes with this node when the hub has said welcome. */
  CompletableFuture<LightNode> loggedIn() {
    return loggedIn;
  }

  /** Sends a box to all processes of a node. */
  void send(NodeId to, long sequence, ByteString box) {
    say(
        ToHub.newBuilder()
            .setRoute(
                Route.newBuilder()
                    .setSequence(sequence)
                    .setToNode(ByteString.copyFrom(to.bytes()))
                    .setBox(box))
            .build());
  }

  private void say(ToHub message) {
    Channel open = channel;
    if (open == null) {
      throw new IllegalStateException("not connected yet");
    }
    var _ =
        open.writeAndFlush(new BinaryWebSocketFrame(Unpooled.wrappedBuffer(message.toByteArray())));
  }

  @Override
  public void handlerAdded(ChannelHandlerContext context) {
    channel = context.channel();
  }

  @Override
  protected void channelRead0(ChannelHandlerContext context, BinaryWebSocketFrame frame)
      throws IOException {
    FromHub message;
    try (ByteBufInputStream in = new ByteBufInputStream(frame.content())) {
      message = FromHub.parseFrom(in);
    }
    switch (message.getMessageCase()) {
      case CHALLENGE -> say(login(message.getChallenge().getNonce().toByteArray()));
      case WELCOME -> {
        pass = Octets.of(message.getWelcome().getRelay().getPass().toByteArray());
        loggedIn.complete(this);
      }
      case DELIVERY -> listener.delivered(this, message.getDelivery());
      case ROUTE_REPORT -> listener.reported(this, message.getRouteReport());
      case PING ->
          say(
              ToHub.newBuilder()
                  .setPong(Pong.newBuilder().setId(message.getPing().getId()))
                  .build());
      case REFUSAL, FAILURE -> fail(new IOException("the hub says: " + message));
      default -> {
        // Who comes and goes.
      }
    }
  }

  private ToHub login(byte[] nonce) {
    SealingCertificate certificate =
        credentials
            .sealingKey()
            .certificate(
                credentials.identity(), credentials.instance(), clock.instant().plus(VALIDITY));
    byte[] signed =
        HubProtocol.signedByLogin(
            nonce, hub, credentials.mesh(), credentials.instance(), certificate);
    return ToHub.newBuilder()
        .setLogin(
            Login.newBuilder()
                .setVersion(HubProtocol.VERSION)
                .setNode(ByteString.copyFrom(credentials.node().bytes()))
                .setMesh(ByteString.copyFrom(credentials.mesh().bytes()))
                .setInstance(ByteString.copyFrom(credentials.instance().bytes()))
                .setSealingCertificate(ByteString.copyFrom(certificate.encoded()))
                .setSignature(
                    ByteString.copyFrom(
                        credentials.identity().sign(HubProtocol.LOGIN_CONTEXT, signed))))
        .build();
  }

  /** Nothing of it is survived: one lost connection spoils the figures. */
  private void fail(Throwable cause) {
    if (!loggedIn.completeExceptionally(cause)) {
      System.err.println("a node has lost the hub: " + cause);
    }
    Channel open = channel;
    if (open != null) {
      var _ = open.close();
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    fail(cause);
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    loggedIn.completeExceptionally(new IOException("the hub has hung up"));
  }
}
