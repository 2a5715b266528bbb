package dev.godwit.tls;

import dev.godwit.path.AddressText;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPromise;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.unix.IntegerUnixChannelOption;
import java.net.ConnectException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.NoRouteToHostException;
import java.net.SocketAddress;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
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

  /**
   * Far enough for a translator at home and two more at the provider's, and not for the peer's;
   * when that is nearer, it refuses, and less is tried.
   */
  private static final int HOPS = 4;

  private static final int FEWEST_HOPS = 2;

  /** Of what gets through afterwards: the usual one of Linux. */
  private static final int FAR = 64;

  private static final int MOST = 24;

  /** After this nobody waits any more. */
  private static final Duration LONGEST = Duration.ofSeconds(10);

  /** {@code SOL_SOCKET}, {@code SO_REUSEPORT}: Netty's own option is not for those that dial. */
  private static final IntegerUnixChannelOption REUSE_PORT =
      new IntegerUnixChannelOption("SO_REUSEPORT", 1, 15);

  /** {@code IPPROTO_IP}, {@code IP_TTL}. */
  private static final IntegerUnixChannelOption TTL = new IntegerUnixChannelOption("IP_TTL", 0, 2);

  /**
   * {@code IPPROTO_IP}, {@code IP_MINTTL}: what packets have left that are heard. Of the news that
   * a packet died on the way, the kernel looks at what that one had left.
   */
  private static final IntegerUnixChannelOption LEAST_TTL =
      new IntegerUnixChannelOption("IP_MINTTL", 0, 21);

  /** So that the news is not heard that a packet died, which has one left then. */
  private static final int DEAF = 2;

  /** {@code IPPROTO_IPV6}, {@code IPV6_UNICAST_HOPS}. */
  private static final IntegerUnixChannelOption HOP_LIMIT =
      new IntegerUnixChannelOption("IPV6_UNICAST_HOPS", 41, 16);

  private TcpPunch() {}

  /** Lets others dial from a port that is listened on. */
  static void share(Channel listening) {
    if (listening instanceof EpollServerSocketChannel) {
      boolean _ = listening.config().setOption(REUSE_PORT, 1);
    }
  }

  /** Lets a socket dial from a port that is {@link #share(Channel) shared}. */
  static void share(Bootstrap dialling) {
    dialling.option(ChannelOption.SO_REUSEADDR, true).option(REUSE_PORT, 1);
  }

  /** Those of a peer's addresses that are any, each once, and not too many. */
  static List<InetSocketAddress> parse(List<String> addresses) {
    List<InetSocketAddress> parsed = new ArrayList<>();
    for (String address : addresses) {
      try {
        InetSocketAddress remote = AddressText.parse(address);
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

  /**
   * Begins to connect to an address with a packet that does not arrive there, and waits for the
   * peer's. The router where that packet dies says so, and the kernel would end the socket with it,
   * even when the peer's packet has come: over IPv4 it is kept from hearing it, over IPv6 another
   * packet is sent. It has to be the same socket that answers: translators drop an answer whose
   * sequence number does not follow what they have seen. Returns at once.
   *
   * @param begun gets each socket, and is to close those that shall wait no more
   * @param connected gets the one that the peer has reached, as an accepted one
   */
  static void open(
      EventLoopGroup loops,
      InetSocketAddress local,
      InetSocketAddress remote,
      Consumer<Channel> begun,
      Consumer<Channel> connected) {
    open(loops, local, remote, HOPS, begun, connected);
  }

  private static void open(
      EventLoopGroup loops,
      InetSocketAddress local,
      InetSocketAddress remote,
      int hops,
      Consumer<Channel> begun,
      Consumer<Channel> connected) {
    if (loops.isShuttingDown()) {
      return;
    }
    IntegerUnixChannelOption limit = remote.getAddress() instanceof Inet4Address ? TTL : HOP_LIMIT;
    Bootstrap bootstrap =
        new Bootstrap()
            .group(loops)
            .channel(EpollSocketChannel.class)
            .option(limit, hops)
            .option(LEAST_TTL, DEAF)
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, TcpOptions.millis(LONGEST))
            .option(ChannelOption.TCP_NODELAY, true)
            .option(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
            .option(ChannelOption.RECVBUF_ALLOCATOR, TcpOptions.receiving())
            .handler(new FarAfterwards(limit, connected));
    share(bootstrap);
    ChannelFuture connecting = bootstrap.connect(remote, local);
    begun.accept(connecting.channel());
    var _ =
        connecting.addListener(
            done -> {
              int next = next(hops, done.cause());
              if (next > 0) {
                open(loops, local, remote, next, begun, connected);
              }
            });
  }

  /** How far the first packet shall get after one that failed; 0 if there shall be none. */
  private static int next(int hops, @Nullable Throwable failure) {
    return switch (failure) {
      case ConnectTimeoutException _ -> 0;
      case ConnectException _ -> hops > FEWEST_HOPS && hops <= HOPS ? hops - 1 : 0;
      // It died on the way, so the peer is not near, and what is on this side has seen it.
      case NoRouteToHostException _ -> hops <= HOPS ? FAR : 0;
      case null, default -> 0;
    };
  }

  /** Restores the range of packets after the first one is under way. */
  private static final class FarAfterwards extends ChannelDuplexHandler {
    private final IntegerUnixChannelOption limit;
    private final Consumer<Channel> connected;

    FarAfterwards(IntegerUnixChannelOption limit, Consumer<Channel> connected) {
      this.limit = limit;
      this.connected = connected;
    }

    @Override
    public void connect(
        ChannelHandlerContext context,
        SocketAddress remote,
        SocketAddress local,
        ChannelPromise promise) {
      var _ = context.connect(remote, local, promise);
      boolean _ = context.channel().config().setOption(limit, FAR);
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
      connected.accept(context.channel());
      var _ = context.pipeline().remove(this);
    }
  }
}
