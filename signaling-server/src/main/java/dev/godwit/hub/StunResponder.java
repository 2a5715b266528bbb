package dev.godwit.hub;

import dev.godwit.stun.DiscoveryResponder;
import dev.godwit.stun.DiscoveryResponder.Answer;
import dev.godwit.stun.DiscoveryResponder.Ports;
import dev.godwit.stun.DiscoveryResponder.Source;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DatagramPacket;
import java.net.InetSocketAddress;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells nodes from which address their datagrams come (RFC 8489), from this or the hub's other port
 * (RFC 5780); drops everything else, and what is over the quota.
 */
final class StunResponder extends SimpleChannelInboundHandler<DatagramPacket> {

  private static final Logger LOG = LoggerFactory.getLogger(StunResponder.class);

  private final StunQuota quota;
  private volatile @Nullable Channel other;

  StunResponder(StunQuota quota) {
    this.quota = quota;
  }

  /** From now on, who asks for it is answered from there. */
  void pairWith(Channel otherPort) {
    this.other = otherPort;
  }

  @Override
  protected void channelRead0(ChannelHandlerContext context, DatagramPacket packet) {
    Channel paired = other;
    Optional<InetSocketAddress> there =
        Optional.ofNullable(paired).map(channel -> (InetSocketAddress) channel.localAddress());
    Optional<Answer> answer =
        DiscoveryResponder.answer(
            packet.content().nioBuffer(), packet.sender(), new Ports(packet.recipient(), there));
    if (answer.isEmpty() || !quota.take(packet.sender().getAddress())) {
      return;
    }
    DatagramPacket out =
        new DatagramPacket(Unpooled.wrappedBuffer(answer.get().datagram()), packet.sender());
    if (answer.get().source() == Source.OTHER_PORT && paired != null) {
      var _ = paired.writeAndFlush(out);
    } else {
      var _ = context.write(out);
    }
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
