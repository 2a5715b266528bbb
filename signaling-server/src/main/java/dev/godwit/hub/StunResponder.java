package dev.godwit.hub;

import dev.godwit.stun.BindingResponder;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DatagramPacket;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells nodes from which address their datagrams come (RFC 8489); drops everything else. */
@Sharable
final class StunResponder extends SimpleChannelInboundHandler<DatagramPacket> {

  private static final Logger LOG = LoggerFactory.getLogger(StunResponder.class);

  @Override
  protected void channelRead0(ChannelHandlerContext context, DatagramPacket packet) {
    BindingResponder.answer(packet.content().nioBuffer(), packet.sender())
        .ifPresent(
            answer -> {
              var _ =
                  context.write(
                      new DatagramPacket(Unpooled.wrappedBuffer(answer.encode()), packet.sender()));
            });
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    context.flush();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    // For example an ICMP error for an earlier answer; the socket goes on.
    LOG.debug("A STUN exchange failed", cause);
  }
}
