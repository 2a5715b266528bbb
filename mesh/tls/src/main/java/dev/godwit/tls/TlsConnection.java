package dev.godwit.tls;

import dev.godwit.identity.NodeId;
import dev.godwit.stream.ByteStream;
import dev.godwit.stream.Connection;
import dev.godwit.stream.Path;
import dev.godwit.stream.StreamHandler;
import dev.godwit.stream.StreamQueue;
import dev.godwit.tls.Multiplexer.Side;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** A multiplexed TLS connection whose peer has proven its identity. */
final class TlsConnection implements Connection {
  private final NodeId peer;
  private final Path path;
  private final StreamQueue incoming = new StreamQueue();
  private final Multiplexer multiplexer;

  TlsConnection(NodeId peer, Path path, Channel channel, Side side) {
    this.peer = peer;
    this.path = path;
    this.multiplexer = new Multiplexer(channel, side, incoming::add);
    var _ = multiplexer.closed().thenRun(incoming::close);
  }

  /** What is to be the last handler of the connection's channel. */
  ChannelHandler handler() {
    return multiplexer;
  }

  @Override
  public NodeId peer() {
    return peer;
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public Duration roundTrip() {
    return multiplexer.roundTrip();
  }

  @Override
  public Duration silence() {
    return multiplexer.silence();
  }

  @Override
  public ByteStream open(Urgency urgency) throws IOException {
    return multiplexer.open(urgency);
  }

  @Override
  public void serve(StreamHandler handler) {
    incoming.serve(handler);
  }

  @Override
  public CompletableFuture<String> closed() {
    return multiplexer.closed().copy();
  }

  @Override
  public boolean isOpen() {
    return !multiplexer.closed().isDone();
  }

  @Override
  public void close(String reason) {
    multiplexer.close(reason);
  }
}
