package dev.godwit.hub;

import com.google.protobuf.ByteString;
import dev.godwit.identity.HubCertificate;
import dev.godwit.signaling.HubAddress;
import dev.godwit.signaling.HubProtocol;
import dev.godwit.signaling.proto.Challenge;
import dev.godwit.signaling.proto.Delivery;
import dev.godwit.signaling.proto.Endpoint;
import dev.godwit.signaling.proto.FromHub;
import dev.godwit.signaling.proto.Instance;
import dev.godwit.signaling.proto.Login;
import dev.godwit.signaling.proto.LookupReply;
import dev.godwit.signaling.proto.Pong;
import dev.godwit.signaling.proto.RouteReport;
import dev.godwit.signaling.proto.ToHub;
import dev.godwit.signaling.proto.Welcome;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/** A hub that lets everybody in and lies. It has one event loop. */
final class HostileHub implements AutoCloseable {

  private final EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final Map<ByteString, Session> sessions = new ConcurrentHashMap<>();
  private final HubCertificate certificate;
  private final Lies lies;
  private final Channel server;

  /**
   * What it does.
   *
   * @param instances changes what is looked up
   * @param deliveries changes what is delivered
   * @param copies how often everything is delivered
   * @param pings whether signs of life are given
   */
  record Lies(
      UnaryOperator<Instance> instances,
      UnaryOperator<Delivery> deliveries,
      int copies,
      Pings pings) {

    Lies(UnaryOperator<Instance> instances, UnaryOperator<Delivery> deliveries, int copies) {
      this(instances, deliveries, copies, Pings.ANSWERED);
    }
  }

  /** What it does with pings. */
  enum Pings {
    ANSWERED,
    IGNORED
  }

  private record Session(Channel channel, Login login) {
    Instance instance() {
      return Instance.newBuilder()
          .setNode(login.getNode())
          .setInstance(login.getInstance())
          .setSealingCertificate(login.getSealingCertificate())
          .setSince(1)
          .build();
    }
  }

  HostileHub(HubCertificate certificate, Lies lies) throws Exception {
    this.certificate = certificate;
    this.lies = lies;
    SslContext tls =
        SslContextBuilder.forServer(certificate.keyManager()).sslProvider(SslProvider.JDK).build();
    this.server =
        new ServerBootstrap()
            .group(loop)
            .channel(NioServerSocketChannel.class)
            .childHandler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel channel) {
                    channel
                        .pipeline()
                        .addLast(tls.newHandler(channel.alloc()))
                        .addLast(new HttpServerCodec())
                        .addLast(new HttpObjectAggregator(8192))
                        .addLast(
                            new WebSocketServerProtocolHandler(
                                HubProtocol.PATH, null, false, 1 << 20))
                        .addLast(new Talk());
                  }
                })
            .bind(Fixture.loopback(0))
            .sync()
            .channel();
  }

  HubAddress address() {
    InetSocketAddress bound = (InetSocketAddress) server.localAddress();
    return new HubAddress(
        bound.getAddress().getHostAddress(), bound.getPort(), certificate.fingerprint());
  }

  /** Sends bytes that are no message to everybody. */
  void babble(byte[] bytes) {
    for (Session session : sessions.values()) {
      var _ =
          session.channel.writeAndFlush(new BinaryWebSocketFrame(Unpooled.wrappedBuffer(bytes)));
    }
  }

  @Override
  public void close() {
    var _ = loop.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(5000);
  }

  private final class Talk extends SimpleChannelInboundHandler<BinaryWebSocketFrame> {

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
      if (event instanceof WebSocketServerProtocolHandler.HandshakeComplete) {
        say(
            context.channel(),
            FromHub.newBuilder()
                .setChallenge(
                    Challenge.newBuilder()
                        .setNonce(ByteString.copyFrom(new byte[HubProtocol.NONCE_BYTES]))
                        .setVersionMin(1)
                        .setVersionMax(1)));
      }
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, BinaryWebSocketFrame frame)
        throws Exception {
      ToHub message = ToHub.parseFrom(ByteBufUtil.getBytes(frame.content()));
      switch (message.getMessageCase()) {
        case LOGIN -> {
          sessions.put(
              message.getLogin().getInstance(), new Session(context.channel(), message.getLogin()));
          say(
              context.channel(),
              FromHub.newBuilder()
                  .setWelcome(
                      Welcome.newBuilder()
                          .setVersion(1)
                          .setMessageBytes(80 * 1024)
                          .setObserved(
                              Endpoint.newBuilder().setAddress(ByteString.copyFrom(new byte[4])))));
        }
        case LOOKUP -> lookup(context.channel(), message);
        case ROUTE -> route(context.channel(), message);
        case PING -> {
          if (lies.pings == Pings.ANSWERED) {
            say(
                context.channel(),
                FromHub.newBuilder().setPong(Pong.newBuilder().setId(message.getPing().getId())));
          }
        }
        default -> throw new IllegalStateException("not expected: " + message.getMessageCase());
      }
    }

    private void lookup(Channel channel, ToHub message) {
      List<Instance> found = new ArrayList<>();
      for (Session session : sessions.values()) {
        if (message.getLookup().getNodesList().contains(session.login.getNode())) {
          found.add(lies.instances.apply(session.instance()));
        }
      }
      say(
          channel,
          FromHub.newBuilder()
              .setLookupReply(
                  LookupReply.newBuilder()
                      .setSequence(message.getLookup().getSequence())
                      .addAllInstances(found)));
    }

    private void route(Channel channel, ToHub message) {
      Session sender =
          sessions.values().stream()
              .filter(session -> session.channel.equals(channel))
              .findFirst()
              .orElseThrow();
      Delivery delivery =
          lies.deliveries.apply(
              Delivery.newBuilder()
                  .setFromNode(sender.login.getNode())
                  .setFromInstance(sender.login.getInstance())
                  .setBox(message.getRoute().getBox())
                  .build());
      Session receiver = sessions.get(message.getRoute().getToInstance());
      for (int i = 0; receiver != null && i < lies.copies; i++) {
        say(receiver.channel, FromHub.newBuilder().setDelivery(delivery));
      }
      say(
          channel,
          FromHub.newBuilder()
              .setRouteReport(
                  RouteReport.newBuilder()
                      .setSequence(message.getRoute().getSequence())
                      .setDelivered(1)));
    }

    private void say(Channel channel, FromHub.Builder message) {
      var _ =
          channel.writeAndFlush(
              new BinaryWebSocketFrame(Unpooled.wrappedBuffer(message.build().toByteArray())));
    }
  }
}
