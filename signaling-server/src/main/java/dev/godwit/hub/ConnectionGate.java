package dev.godwit.hub;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.concurrent.ScheduledFuture;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** First in every pipeline: counts the connection, and ends it when it does not come to a login. */
final class ConnectionGate extends ChannelInboundHandlerAdapter {

  private final AddressQuota quota;
  private final HubLimits limits;
  private AddressQuota.Verdict verdict = AddressQuota.Verdict.ADMITTED;
  private @Nullable InetAddress counted;
  private @Nullable ScheduledFuture<?> overdue;

  ConnectionGate(AddressQuota quota, HubLimits limits) {
    this.quota = quota;
    this.limits = limits;
  }

  /** Whether the address may have this connection. */
  AddressQuota.Verdict verdict() {
    return verdict;
  }

  /** The connection may stay. */
  void loggedIn() {
    if (overdue != null) {
      overdue.cancel(false);
    }
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    InetAddress from = ((InetSocketAddress) context.channel().remoteAddress()).getAddress();
    counted = from;
    verdict = quota.connected(from);
    if (verdict == AddressQuota.Verdict.FAR_OVER) {
      var _ = context.close();
      return;
    }
    overdue =
        context
            .executor()
            .schedule(
                () -> context.pipeline().fireUserEventTriggered(ConnectionEvent.LOGIN_OVERDUE),
                limits.login().toMillis(),
                TimeUnit.MILLISECONDS);
    context.fireChannelActive();
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    if (overdue != null) {
      overdue.cancel(false);
    }
    if (counted != null) {
      quota.disconnected(counted);
      counted = null;
    }
    context.fireChannelInactive();
  }
}
