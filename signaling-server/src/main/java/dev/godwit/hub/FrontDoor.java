package dev.godwit.hub;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshaker;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshakerFactory;
import io.netty.handler.codec.http.websocketx.WebSocketVersion;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers HTTP requests: the health check, and the upgrades to the control channel and the relay.
 */
final class FrontDoor extends SimpleChannelInboundHandler<FullHttpRequest> {

  private static final Logger LOG = LoggerFactory.getLogger(FrontDoor.class);

  /** The name of what serves the WebSocket in its pipeline. */
  static final String CONNECTION = "connection";

  private static final String HEALTH = "/health";

  private final int messageBytes;
  private final Supplier<String> health;
  private final Map<String, Supplier<? extends Upgraded>> rooms;

  /**
   * @param messageBytes the largest frame
   * @param health makes the JSON of the health check
   * @param rooms what makes the handler of a connection that was upgraded, by path
   */
  FrontDoor(
      int messageBytes, Supplier<String> health, Map<String, Supplier<? extends Upgraded>> rooms) {
    this.messageBytes = messageBytes;
    this.health = health;
    this.rooms = Map.copyOf(rooms);
  }

  @Override
  protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
    String path = new QueryStringDecoder(request.uri()).path();
    if (!request.decoderResult().isSuccess()) {
      respond(context, HttpResponseStatus.BAD_REQUEST, "This is not HTTP.\n");
    } else if (!request.method().equals(HttpMethod.GET)) {
      respond(context, HttpResponseStatus.METHOD_NOT_ALLOWED, "Only GET is served here.\n");
    } else if (rooms.containsKey(path)) {
      upgrade(context, request, path, Objects.requireNonNull(rooms.get(path)));
    } else if (path.equals(HEALTH)) {
      respond(context, HttpResponseStatus.OK, health.get());
    } else {
      respond(context, HttpResponseStatus.NOT_FOUND, "This is a Godwit hub.\n");
    }
  }

  private void upgrade(
      ChannelHandlerContext context,
      FullHttpRequest request,
      String path,
      Supplier<? extends Upgraded> room) {
    WebSocketDecoderConfig frames =
        WebSocketDecoderConfig.newBuilder()
            .maxFramePayloadLength(messageBytes)
            .allowExtensions(false)
            .expectMaskedFrames(true)
            // The connection itself says why before it closes.
            .closeOnProtocolViolation(false)
            .build();
    WebSocketServerHandshaker handshaker =
        new WebSocketServerHandshakerFactory(path, null, frames).newHandshaker(request);
    if (handshaker == null
        || !handshaker.version().equals(WebSocketVersion.V13)
        || !request.headers().contains(HttpHeaderNames.UPGRADE)) {
      respond(
          context,
          HttpResponseStatus.UPGRADE_REQUIRED,
          "This is a channel of a Godwit hub; it wants a WebSocket (RFC 6455).\n");
      return;
    }
    Upgraded connection = room.get();
    context.pipeline().replace(this, CONNECTION, connection);
    handshaker
        .handshake(context.channel(), request)
        .addListener(
            done -> {
              if (done.isSuccess()) {
                connection.open();
              } else {
                LOG.debug("A WebSocket handshake failed", done.cause());
                var _ = context.channel().close();
              }
            });
  }

  private static void respond(
      ChannelHandlerContext context, HttpResponseStatus status, String body) {
    DefaultFullHttpResponse response =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1, status, Unpooled.copiedBuffer(body, StandardCharsets.UTF_8));
    response
        .headers()
        .set(
            HttpHeaderNames.CONTENT_TYPE,
            body.startsWith("{") ? HttpHeaderValues.APPLICATION_JSON : HttpHeaderValues.TEXT_PLAIN)
        .setInt(HttpHeaderNames.CONTENT_LENGTH, response.content().readableBytes())
        .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
    context.writeAndFlush(response).addListener(ChannelFutureListener.CLOSE);
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event instanceof ConnectionEvent) {
      var _ = context.close();
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    LOG.debug("{} failed before it became a WebSocket", context.channel(), cause);
    var _ = context.close();
  }
}
