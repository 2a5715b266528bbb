package dev.godwit.tls;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.unix.IntegerUnixChannelOption;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What TCP hole punching needs of the kernel (RFC 5128, section 3.4): that the port which somebody
 * listens on can be used for dialling, and packets that do not get far.
 *
 * <p>The listening socket gets SO_REUSEPORT only after it is bound: so nobody binds to the same
 * port by accident, and those that dial from it still may.
 */
final class TcpPunch {
  private static final Logger LOG = LoggerFactory.getLogger(TcpPunch.class);

  /** Far enough for a translator at home and one at the provider, and not for the peer's. */
  private static final List<Integer> HOPS = List.of(2, 3, 4);

  private static final int MOST = 24;

  /** {@code IPPROTO_IP}, {@code IP_TTL}. */
  private static final IntegerUnixChannelOption TTL = new IntegerUnixChannelOption("IP_TTL", 0, 2);

  /** {@code IPPROTO_IPV6}, {@code IPV6_UNICAST_HOPS}. */
  private static final IntegerUnixChannelOption HOP_LIMIT =
      new IntegerUnixChannelOption("IPV6_UNICAST_HOPS", 41, 16);

  private TcpPunch() {}

  /** Lets others dial from a port that is listened on. */
  static void share(Channel listening) {
    if (listening instanceof EpollServerSocketChannel) {
      boolean _ = listening.config().setOption(EpollChannelOption.SO_REUSEPORT, true);
    }
  }

  /** Lets a socket dial from a port that is {@link #share(Channel) shared}. */
  static void share(Bootstrap dialling) {
    dialling.option(ChannelOption.SO_REUSEADDR, true).option(EpollChannelOption.SO_REUSEPORT, true);
  }

  /** Those of a peer's addresses that are any, each once, and not too many. */
  static List<InetSocketAddress> parse(List<String> addresses) {
    List<InetSocketAddress> parsed = new ArrayList<>();
    for (String address : addresses) {
      try {
        InetSocketAddress remote = TcpAddresses.parse(address);
        if (parsed.size() < MOST && remote.getPort() != 0 && !parsed.contains(remote)) {
          parsed.add(remote);
        }
      } catch (IllegalArgumentException e) {
        LOG.debug("a peer sent an address that is none", e);
      }
    }
    return parsed;
  }

  /**
   * Those of a peer's addresses that can be dialled from a port that is listened on, which excludes
   * that port itself: it would be connected to itself.
   */
  static List<InetSocketAddress> targets(List<String> addresses, InetSocketAddress listening) {
    return parse(addresses).stream()
        .filter(remote -> isSameFamily(remote.getAddress(), listening.getAddress()))
        .filter(remote -> isElsewhere(remote, listening.getPort()))
        .toList();
  }

  private static boolean isSameFamily(InetAddress remote, InetAddress bound) {
    return remote instanceof Inet4Address
        ? bound instanceof Inet4Address || bound.isAnyLocalAddress()
        : bound instanceof Inet6Address;
  }

  private static boolean isElsewhere(InetSocketAddress remote, int port) {
    InetAddress ip = remote.getAddress();
    if (ip.isLoopbackAddress() || ip.isAnyLocalAddress() || ip.isMulticastAddress()) {
      return false;
    }
    try {
      return remote.getPort() != port || NetworkInterface.getByInetAddress(ip) == null;
    } catch (SocketException e) {
      LOG.debug("whether {} is an address of this machine cannot be known", ip, e);
      return false;
    }
  }

  /** Sends something to each address that does not arrive there. Returns at once. */
  static void open(
      EventLoopGroup loops,
      boolean epoll,
      InetSocketAddress local,
      List<InetSocketAddress> remotes) {
    if (epoll) {
      remotes.forEach(remote -> open(loops, local, remote, 0));
    }
  }

  /** One after the other: only one socket can have both ends at a time. */
  private static void open(
      EventLoopGroup loops, InetSocketAddress local, InetSocketAddress remote, int hops) {
    if (hops == HOPS.size() || loops.isShuttingDown()) {
      return;
    }
    Bootstrap bootstrap =
        new Bootstrap()
            .group(loops)
            .channel(EpollSocketChannel.class)
            .option(remote.getAddress() instanceof Inet4Address ? TTL : HOP_LIMIT, HOPS.get(hops))
            .handler(new Once());
    share(bootstrap);
    var _ =
        bootstrap
            .connect(remote, local)
            .channel()
            .closeFuture()
            .addListener(closed -> open(loops, local, remote, hops + 1));
  }

  /** Closes the channel as soon as it has begun to connect, when one packet is under way. */
  private static final class Once extends ChannelOutboundHandlerAdapter {
    @Override
    public void connect(
        ChannelHandlerContext context,
        SocketAddress remote,
        SocketAddress local,
        ChannelPromise promise) {
      var _ = context.connect(remote, local, promise);
      var _ = context.close();
    }
  }
}
