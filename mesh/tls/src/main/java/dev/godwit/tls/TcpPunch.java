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

  private static final int MOST = 24;

  /** After this nobody waits any more. */
  private static final Duration LONGEST = Duration.ofSeconds(10);

  /** {@code SOL_SOCKET}, {@code SO_REUSEPORT}: Netty's own option is not for those that dial. */
  private static final IntegerUnixChannelOption REUSE_PORT =
      new IntegerUnixChannelOption("SO_REUSEPORT", 1, 15);

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
   * peer's. It has to be the same socket that answers: translators drop an answer whose sequence
   * number does not follow what they have seen. Returns at once.
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
    ShortReach reach = ShortReach.to(remote.getAddress());
    Bootstrap bootstrap =
        new Bootstrap()
            .group(loops)
            .channel(EpollSocketChannel.class)
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, TcpOptions.millis(LONGEST))
            .option(ChannelOption.TCP_NODELAY, true)
            .option(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
            .option(ChannelOption.RECVBUF_ALLOCATOR, TcpOptions.receiving())
            .handler(new FarAfterwards(reach, connected));
    reach.limit(bootstrap, hops);
    share(bootstrap);
    ChannelFuture connecting = bootstrap.connect(remote, local);
    begun.accept(connecting.channel());
    var _ =
        connecting.addListener(
            done -> {
              if (isRefused(done.cause()) && hops > FEWEST_HOPS) {
                open(loops, local, remote, hops - 1, begun, connected);
              }
            });
  }

  private static boolean isRefused(@Nullable Throwable failure) {
    return failure instanceof NoRouteToHostException
        || (failure instanceof ConnectException && !(failure instanceof ConnectTimeoutException));
  }

  /** Restores the range of packets after the first one is under way. */
  private static final class FarAfterwards extends ChannelDuplexHandler {
    private final ShortReach reach;
    private final Consumer<Channel> connected;

    FarAfterwards(ShortReach reach, Consumer<Channel> connected) {
      this.reach = reach;
      this.connected = connected;
    }

    @Override
    public void connect(
        ChannelHandlerContext context,
        SocketAddress remote,
        SocketAddress local,
        ChannelPromise promise) {
      var _ = context.connect(remote, local, promise);
      reach.lift(context.channel());
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
      connected.accept(context.channel());
      var _ = context.pipeline().remove(this);
    }
  }
}
