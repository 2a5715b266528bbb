package dev.godwit.quic;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DatagramPacket;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Tells apart what arrives on the one UDP socket: STUN by its first two bits (RFC 9443), QUIC
 * packets for our accepting and our dialling side by the tag in the destination connection id.
 * First in the pipeline; behind it come the codecs {@value #SERVER} and {@value #CLIENT}, in this
 * order.
 */
final class Demultiplexer extends ChannelInboundHandlerAdapter {
  static final String SERVER = "quic-server";
  static final String CLIENT = "quic-client";

  /** Flags, version and the length byte in front of a long header's destination id. */
  private static final int LONG_HEADER = 6;

  private final DatagramListener other;
  private @Nullable ChannelHandlerContext context;
  private @Nullable ChannelHandlerContext server;
  private boolean serverRead;
  private boolean clientRead;

  /** What is not QUIC. */
  @FunctionalInterface
  interface DatagramListener {
    /**
     * A datagram, valid during the call, on the event loop. Returns the answer, if there is one.
     */
    @Nullable ByteBuffer received(ByteBuffer datagram, InetSocketAddress from);
  }

  Demultiplexer(DatagramListener other) {
    this.other = other;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext context) {
    this.context = context;
  }

  /** Sends a datagram that is not QUIC. */
  void send(ByteBuffer datagram, InetSocketAddress to) {
    ChannelHandlerContext from = context;
    if (from != null) {
      // From this handler's context, so that the QUIC codecs do not see it. Whether it could be
      // sent is of no interest: it can get lost anyway.
      var _ = from.writeAndFlush(new DatagramPacket(Unpooled.copiedBuffer(datagram), to));
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    DatagramPacket packet = (DatagramPacket) message;
    ByteBuf content = packet.content();
    int length = content.readableBytes();
    int start = content.readerIndex();
    int first = length == 0 ? 0 : content.getUnsignedByte(start);
    if (length == 0 || (first & 0xC0) == 0) {
      receiveOther(packet);
      return;
    }
    int id = (first & 0x80) != 0 ? LONG_HEADER : 1;
    if (length < id + ConnectionIds.LENGTH
        || (id == LONG_HEADER && content.getByte(start + id - 1) != ConnectionIds.LENGTH)) {
      packet.release();
      return;
    }
    if (ConnectionIds.isForAcceptingSide(content.getByte(start + id))) {
      serverRead = true;
      context.fireChannelRead(packet);
    } else {
      clientRead = true;
      server(context).fireChannelRead(packet);
    }
  }

  /** Where the server's codec is in the pipeline; what it passes on goes to the client's. */
  private ChannelHandlerContext server(ChannelHandlerContext context) {
    ChannelHandlerContext found = server;
    if (found == null) {
      found = context.pipeline().context(SERVER);
      server = found;
    }
    return found;
  }

  private void receiveOther(DatagramPacket packet) {
    try {
      if (packet.content().isReadable()) {
        ByteBuffer answer = other.received(packet.content().nioBuffer(), packet.sender());
        if (answer != null) {
          send(answer, packet.sender());
        }
      }
    } finally {
      packet.release();
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    // A codec swallows this event, so each one that got something has to be told by itself.
    if (serverRead) {
      serverRead = false;
      context.fireChannelReadComplete();
    }
    if (clientRead) {
      clientRead = false;
      server(context).fireChannelReadComplete();
    }
  }
}
