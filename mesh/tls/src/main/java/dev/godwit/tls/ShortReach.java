package dev.godwit.tls;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.unix.IntegerUnixChannelOption;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * How a socket's first packet is kept from getting far, and the news of its end ignored: the router
 * that drops it says so (ICMP "time exceeded"), and with that the kernel would end the socket, even
 * when the peer's packet has arrived.
 *
 * @param limit how many routers a packet passes
 * @param floor what the kernel compares with what a packet that came in had left
 * @param deaf the floor that keeps the news out
 * @param deafFor how long
 */
record ShortReach(
    IntegerUnixChannelOption limit, IntegerUnixChannelOption floor, int deaf, Duration deafFor) {
  /** The usual limit of Linux. */
  private static final int FAR = 64;

  /**
   * {@code IP_TTL} and {@code IP_MINTTL}. Of news, the latter is compared with what the dropped
   * packet had left, which is one, so it can stay.
   */
  private static final ShortReach IPV4 =
      new ShortReach(
          new IntegerUnixChannelOption("IP_TTL", 0, 2),
          new IntegerUnixChannelOption("IP_MINTTL", 0, 21),
          2,
          Duration.ofSeconds(10));

  /**
   * {@code IPV6_UNICAST_HOPS} and {@code IPV6_MINHOPCOUNT}. The latter is compared with what the
   * news itself has left, so only neighbours are heard as long as it is set, and the peer is none:
   * what it sends meanwhile it has to send again.
   */
  private static final ShortReach IPV6 =
      new ShortReach(
          new IntegerUnixChannelOption("IPV6_UNICAST_HOPS", 41, 16),
          new IntegerUnixChannelOption("IPV6_MINHOPCOUNT", 41, 73),
          255,
          Duration.ofMillis(50));

  static ShortReach to(InetAddress address) {
    return address instanceof Inet4Address ? IPV4 : IPV6;
  }

  /** To be called before the socket is connected. */
  void limit(Bootstrap bootstrap, int routers) {
    bootstrap.option(limit, routers).option(floor, deaf);
  }

  /** To be called on the channel's event loop, after its first packet is under way. */
  void lift(Channel channel) {
    boolean _ = channel.config().setOption(limit, FAR);
    var _ =
        channel
            .eventLoop()
            .schedule(
                () -> channel.isOpen() && channel.config().setOption(floor, 0),
                deafFor.toMillis(),
                TimeUnit.MILLISECONDS);
  }
}
