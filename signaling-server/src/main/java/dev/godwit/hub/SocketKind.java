package dev.godwit.hub;

import io.netty.channel.IoHandlerFactory;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;

/** Which of Netty's implementations of sockets is used. */
record SocketKind(
    IoHandlerFactory handlers,
    Class<? extends ServerSocketChannel> server,
    Class<? extends DatagramChannel> datagram) {

  /** Epoll where its native library loads, the JDK's selectors elsewhere. */
  static SocketKind best() {
    return Epoll.isAvailable()
        ? new SocketKind(
            EpollIoHandler.newFactory(), EpollServerSocketChannel.class, EpollDatagramChannel.class)
        : new SocketKind(
            NioIoHandler.newFactory(), NioServerSocketChannel.class, NioDatagramChannel.class);
  }
}
