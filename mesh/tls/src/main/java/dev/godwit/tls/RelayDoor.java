package dev.godwit.tls;

import dev.godwit.signaling.CircuitId;
import dev.godwit.signaling.HubProtocol;
import dev.godwit.stream.Failures;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.websocketx.WebSocketClientHandshaker;
import io.netty.handler.codec.http.websocketx.WebSocketClientHandshakerFactory;
import io.netty.handler.codec.http.websocketx.WebSocketHandshakeException;
import io.netty.handler.codec.http.websocketx.WebSocketVersion;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.net.URI;
import java.util.function.Consumer;

/**
 * Opens the relay's WebSocket and says hello; then what runs end to end takes its place, without
 * waiting for the other node: the relay keeps what comes too early.
 */
final class RelayDoor extends ChannelInboundHandlerAdapter {
  private final RelayAccess access;
  private final CircuitId circuit;
  private final ChannelInitializer<Channel> inside;
  private final Consumer<IOException> failed;
  private final WebSocketClientHandshaker handshaker;
  private boolean through;

  RelayDoor(
      RelayAccess access,
      CircuitId circuit,
      ChannelInitializer<Channel> inside,
      Consumer<IOException> failed) {
    this.access = access;
    this.circuit = circuit;
    this.inside = inside;
    this.failed = failed;
    this.handshaker =
        WebSocketClientHandshakerFactory.newHandshaker(
            URI.create("wss://" + access.hub().hostAndPort() + HubProtocol.RELAY_PATH),
            WebSocketVersion.V13,
            null,
            false,
            new DefaultHttpHeaders(),
            HubProtocol.RELAY_FRAME_BYTES + 64);
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event instanceof SslHandshakeCompletionEvent tls) {
      if (tls.isSuccess()) {
        var _ = handshaker.handshake(context.channel());
      } else {
        fail(context, tls.cause());
      }
    } else {
      context.fireUserEventTriggered(event);
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (!(message instanceof FullHttpResponse response)) {
      ReferenceCountUtil.release(message);
      return;
    }
    try {
      handshaker.finishHandshake(context.channel(), response);
      through = true;
      RelayedFrames frames = new RelayedFrames(HubProtocol.RELAY_FRAME_BYTES);
      context.pipeline().replace(this, "relay", frames);
      var _ = context.channel().write(RelayedFrames.hello(access.pass(), circuit));
      context.pipeline().addLast(inside);
      context.channel().flush();
    } catch (WebSocketHandshakeException e) {
      fail(context, e);
    } finally {
      response.release();
    }
  }

  private void fail(ChannelHandlerContext context, Throwable cause) {
    if (!through) {
      through = true;
      failed.accept(
          new IOException(
              "the relay of " + access.hub().hostAndPort() + ": " + Failures.text(cause), cause));
    }
    var _ = context.close();
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    fail(context, new IOException("the hub closed the connection"));
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    fail(context, cause);
  }
}
