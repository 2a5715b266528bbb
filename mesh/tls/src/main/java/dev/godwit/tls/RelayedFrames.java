package dev.godwit.tls;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.godwit.signaling.CircuitId;
import dev.godwit.signaling.RelayPass;
import dev.godwit.signaling.proto.RelayGrant;
import dev.godwit.signaling.proto.RelayHello;
import dev.godwit.wire.Printable;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.util.concurrent.PromiseCombiner;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Between the relay's WebSocket below and bytes above: the hello goes first, the hub's grant is
 * taken out, everything else passes. Why the hub ends the circuit becomes an exception.
 */
final class RelayedFrames extends ChannelDuplexHandler {
  private static final Logger LOG = LoggerFactory.getLogger(RelayedFrames.class);

  private final int frameBytes;
  private boolean granted;
  private boolean ended;

  /**
   * @param frameBytes the largest frame that is sent
   */
  RelayedFrames(int frameBytes) {
    this.frameBytes = frameBytes;
  }

  /** The first frame. */
  static BinaryWebSocketFrame hello(RelayPass pass, CircuitId circuit) {
    return new BinaryWebSocketFrame(
        Unpooled.wrappedBuffer(
            RelayHello.newBuilder()
                .setPass(ByteString.copyFrom(pass.value().toByteArray()))
                .setCircuit(ByteString.copyFrom(circuit.value().toByteArray()))
                .build()
                .toByteArray()));
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    switch (message) {
      case BinaryWebSocketFrame binary when granted -> context.fireChannelRead(binary.content());
      case BinaryWebSocketFrame binary -> grant(context, binary);
      case ContinuationWebSocketFrame more -> context.fireChannelRead(more.content());
      case PingWebSocketFrame ping -> {
        var _ = context.writeAndFlush(new PongWebSocketFrame(ping.content()));
      }
      case CloseWebSocketFrame close -> {
        String reason = Printable.text(close.reasonText());
        close.release();
        end(context, reason.isEmpty() ? "the relay closed the circuit" : reason);
      }
      case WebSocketFrame other -> other.release();
      default -> context.fireChannelRead(message);
    }
  }

  private void grant(ChannelHandlerContext context, BinaryWebSocketFrame frame) {
    try {
      RelayGrant grant = RelayGrant.parseFrom(ByteBufUtil.getBytes(frame.content()));
      LOG.debug("the relay grants {}", grant.getTerms());
      granted = true;
    } catch (InvalidProtocolBufferException e) {
      LOG.debug("no grant", e);
      end(context, "the relay does not speak its protocol");
    } finally {
      frame.release();
    }
  }

  private void end(ChannelHandlerContext context, String reason) {
    if (!ended) {
      ended = true;
      context.fireExceptionCaught(new IOException("relay: " + reason));
      var _ = context.close();
    }
  }

  @Override
  public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
    if (!(message instanceof ByteBuf bytes)) {
      var _ = context.write(message, promise);
    } else if (bytes.readableBytes() <= frameBytes) {
      var _ = context.write(new BinaryWebSocketFrame(bytes), promise);
    } else {
      PromiseCombiner parts = new PromiseCombiner(context.executor());
      while (bytes.readableBytes() > frameBytes) {
        parts.add(context.write(new BinaryWebSocketFrame(bytes.readRetainedSlice(frameBytes))));
      }
      parts.add(context.write(new BinaryWebSocketFrame(bytes)));
      parts.finish(promise);
    }
  }
}
