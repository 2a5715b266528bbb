package dev.godwit.tls;

import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollSocketChannel;
import java.time.Duration;

/** How TCP sockets are tuned, whatever runs over them. */
final class TcpOptions {
  /** Most bytes received in one piece, and how many pieces before anything else is done. */
  private static final int READ = 128 * 1024;

  private static final int READS = 4;

  /**
   * How much the kernel takes that it cannot send yet: the rest of its buffer is for what is on its
   * way, however long that is.
   */
  private static final long NOT_SENT = 128 * 1024;

  private TcpOptions() {}

  static RecvByteBufAllocator receiving() {
    return new AdaptiveRecvByteBufAllocator(2048, 32 * 1024, READ).maxMessagesPerRead(READS);
  }

  static void boundWriteAhead(Channel channel) {
    if (channel instanceof EpollSocketChannel) {
      boolean _ = channel.config().setOption(EpollChannelOption.TCP_NOTSENT_LOWAT, NOT_SENT);
    }
  }

  static int millis(Duration duration) {
    return (int) Math.min(Integer.MAX_VALUE, Math.max(1, duration.toMillis()));
  }
}
