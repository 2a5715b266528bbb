package dev.godwit.hub;

import io.netty.channel.ChannelHandler;

/** What serves a connection once it has become a WebSocket. */
interface Upgraded extends ChannelHandler {

  /** The WebSocket handshake is done. Called once, on the event loop. */
  void open();
}
