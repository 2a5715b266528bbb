package dev.godwit.hub;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.godwit.identity.NodeId;
import dev.godwit.identity.Octets;
import dev.godwit.signaling.CircuitId;
import dev.godwit.signaling.RelayPass;
import dev.godwit.signaling.proto.RelayGrant;
import dev.godwit.signaling.proto.RelayHello;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One end of a circuit: a WebSocket whose frames go to the other end, unread. Everything runs on
 * the connection's event loop; the other end may have another one. Reads only while the other end
 * takes what is written and the sending node keeps to its share of the rate, so nothing piles up
 * here.
 */
final class RelayConnection extends ChannelInboundHandlerAdapter implements Upgraded {
  private static final Logger LOG = LoggerFactory.getLogger(RelayConnection.class);

  /** How long a node has to read what it was sent before its connection ended. */
  private static final Duration FLUSH = Duration.ofSeconds(5);

  /** For the node to read why, and to hang up itself: hanging up on what it sends loses it. */
  private static final Duration LINGER = Duration.ofSeconds(1);

  private static final WriteBufferWaterMark WAITING =
      new WriteBufferWaterMark(128 * 1024, 384 * 1024);

  private final HubServices services;
  private final Relay relay;
  private final ConnectionGate gate;
  private final Channel channel;

  /** What came behind the hello in the same piece, until the other end is there. */
  private final Queue<WebSocketFrame> early = new ArrayDeque<>();

  private @Nullable NodeId node;
  private @Nullable CircuitId id;
  private @Nullable Circuit circuit;
  private @Nullable RelayConnection other;
  private @Nullable ScheduledFuture<?> timer;
  private boolean full;
  private boolean ahead;
  private boolean left;
  private boolean over;

  RelayConnection(HubServices services, Relay relay, ConnectionGate gate, Channel channel) {
    this.services = services;
    this.relay = relay;
    this.gate = gate;
    this.channel = channel;
  }

  @Override
  public void open() {
    channel.config().setWriteBufferWaterMark(WAITING);
    if (gate.verdict() != AddressQuota.Verdict.ADMITTED) {
      end(
          new RelayEnd(
              RelayEnd.Kind.TOO_MANY_CIRCUITS, "There are too many connections of this address."));
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    WebSocketFrame frame = (WebSocketFrame) message;
    if (over) {
      if (frame instanceof CloseWebSocketFrame) {
        hangUp();
      }
      frame.release();
      return;
    }
    switch (frame) {
      case BinaryWebSocketFrame binary -> bytes(binary);
      case ContinuationWebSocketFrame continued -> bytes(continued);
      case PingWebSocketFrame ping when node != null && channel.isWritable() -> {
        var _ = context.writeAndFlush(new PongWebSocketFrame(ping.content()));
      }
      case CloseWebSocketFrame close -> {
        close.release();
        left = true;
        end(new RelayEnd(RelayEnd.Kind.OTHER_LEFT, ""));
      }
      default -> frame.release();
    }
  }

  private void bytes(WebSocketFrame frame) {
    if (node == null) {
      try (AutoReleased owned = new AutoReleased(frame)) {
        hello(owned.frame());
      }
    } else if (other == null) {
      early.add(frame);
    } else {
      forward(frame);
    }
  }

  private record AutoReleased(WebSocketFrame frame) implements AutoCloseable {
    @Override
    public void close() {
      frame.release();
    }
  }

  private void hello(WebSocketFrame frame) {
    try {
      RelayHello hello = RelayHello.parseFrom(ByteBufUtil.getBytes(frame.content()));
      RelayPass pass = new RelayPass(Octets.of(hello.getPass().toByteArray()));
      CircuitId wanted = new CircuitId(Octets.of(hello.getCircuit().toByteArray()));
      Optional<Member> member = services.presence().holding(pass);
      if (member.isEmpty()) {
        end(
            new RelayEnd(
                RelayEnd.Kind.BAD_PASS, "Who wants to be relayed is logged in at this hub."));
        return;
      }
      NodeId who = member.get().login().node();
      Relay.Place place = relay.enter(this, who, wanted);
      node = who;
      id = wanted;
      circuit = place.circuit();
      gate.loggedIn();
      wait(place.other());
    } catch (Relay.NoPlace e) {
      LOG.debug("{} is not relayed: {}", channel, e.getMessage());
      end(e.end());
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      LOG.debug("{} sent no hello", channel, e);
      end(new RelayEnd(RelayEnd.Kind.MALFORMED, "The first frame of a relayed node is a hello."));
    }
  }

  private void wait(Optional<RelayConnection> present) {
    channel.config().setAutoRead(false);
    if (present.isPresent()) {
      RelayConnection first = present.get();
      // Each has its grant before anything of the other can come.
      grant();
      first
          .channel
          .eventLoop()
          .execute(
              () -> {
                first.grant();
                first.splice(this);
                channel.eventLoop().execute(() -> splice(first));
              });
    } else {
      timer =
          later(
              services.limits().partner(),
              new RelayEnd(RelayEnd.Kind.NOBODY_CAME, "The other did not come."));
    }
  }

  private ScheduledFuture<?> later(Duration delay, RelayEnd end) {
    return channel.eventLoop().schedule(() -> end(end), delay.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void grant() {
    Circuit shared = circuit;
    if (over || shared == null) {
      return;
    }
    var _ =
        channel.writeAndFlush(
            new BinaryWebSocketFrame(
                Unpooled.wrappedBuffer(
                    RelayGrant.newBuilder()
                        .setTerms(shared.limits().toProto())
                        .build()
                        .toByteArray())));
  }

  private void splice(RelayConnection partner) {
    Circuit shared = circuit;
    if (over || shared == null) {
      partner.otherLeft();
      return;
    }
    ScheduledFuture<?> waiting = timer;
    if (waiting != null) {
      waiting.cancel(false);
    }
    if (shared.longest().isPositive()) {
      timer = later(shared.longest(), shared.overdue());
    }
    channel
        .pipeline()
        .addBefore(
            FrontDoor.CONNECTION,
            "idle",
            new IdleStateHandler(services.limits().idle().toMillis(), 0, 0, TimeUnit.MILLISECONDS));
    other = partner;
    for (WebSocketFrame frame = early.poll(); frame != null; frame = early.poll()) {
      forward(frame);
    }
    var _ = partner.channel.flush();
    readOrPause();
  }

  private void forward(WebSocketFrame frame) {
    RelayConnection to = other;
    Circuit shared = circuit;
    NodeId who = node;
    if (to == null || shared == null || who == null) {
      frame.release();
      return;
    }
    int count = frame.content().readableBytes();
    var _ = to.channel.write(new BinaryWebSocketFrame(frame.content()), to.channel.voidPromise());
    Optional<RelayEnd> end = shared.carried(count);
    if (end.isPresent()) {
      end(end.get());
      return;
    }
    long pause = relay.share().used(who, count, System.nanoTime());
    if (pause > 0 && !ahead) {
      ahead = true;
      readOrPause();
      var _ = channel.eventLoop().schedule(this::goOn, pause, TimeUnit.NANOSECONDS);
    }
  }

  private void goOn() {
    ahead = false;
    readOrPause();
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    RelayConnection to = other;
    if (to != null) {
      var _ = to.channel.flush();
      readOrPause();
    }
  }

  /** Reads if the other end takes it and this node may send. */
  private void readOrPause() {
    RelayConnection to = other;
    if (over || to == null) {
      return;
    }
    full = !to.channel.isWritable();
    channel.config().setAutoRead(!full && !ahead);
    if (full && to.channel.isWritable()) {
      // It became writable meanwhile, and said so before this end had paused.
      full = false;
      channel.config().setAutoRead(!ahead);
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    RelayConnection from = other;
    if (from != null && channel.isWritable()) {
      from.channel.eventLoop().execute(from::readOrPause);
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    switch (event) {
      case IdleStateEvent idle ->
          end(new RelayEnd(RelayEnd.Kind.SILENT, "Nothing was heard from the node."));
      case ConnectionEvent.LOGIN_OVERDUE ->
          end(new RelayEnd(RelayEnd.Kind.MALFORMED, "No hello came in time."));
      case ConnectionEvent.SHUTTING_DOWN ->
          end(new RelayEnd(RelayEnd.Kind.DRAINING, "The hub is being shut down."));
      default -> LOG.trace("{}: {}", channel, event);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    LOG.debug("{} failed", channel, cause);
    end(new RelayEnd(RelayEnd.Kind.MALFORMED, "This is not a WebSocket frame."));
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    end(new RelayEnd(RelayEnd.Kind.OTHER_LEFT, ""));
  }

  private void otherLeft() {
    channel
        .eventLoop()
        .execute(
            () ->
                end(new RelayEnd(RelayEnd.Kind.OTHER_LEFT, "The other node closed the circuit.")));
  }

  /** Says why and closes; ends the other end too. */
  private void end(RelayEnd end) {
    if (over) {
      return;
    }
    over = true;
    ScheduledFuture<?> waiting = timer;
    if (waiting != null) {
      waiting.cancel(false);
    }
    for (WebSocketFrame frame = early.poll(); frame != null; frame = early.poll()) {
      ReferenceCountUtil.release(frame);
    }
    RelayConnection partner = other;
    other = null;
    NodeId who = node;
    CircuitId which = id;
    if (who != null && which != null) {
      relay.leave(who, which, circuit);
    }
    if (partner != null) {
      RelayEnd said =
          end.kind() == RelayEnd.Kind.OTHER_LEFT || end.kind() == RelayEnd.Kind.SILENT
              ? new RelayEnd(RelayEnd.Kind.OTHER_LEFT, "The other node closed the circuit.")
              : end;
      partner.channel.eventLoop().execute(() -> partner.end(said));
    }
    if (channel.isActive()) {
      var _ = hangUpIn(FLUSH);
      var _ =
          channel
              .writeAndFlush(new CloseWebSocketFrame(end.status()))
              .addListener(
                  done -> {
                    if (left || !done.isSuccess()) {
                      hangUp();
                    } else {
                      var _ = hangUpIn(LINGER);
                    }
                  });
      // What still comes is dropped.
      channel.config().setAutoRead(true);
    }
  }

  private ScheduledFuture<?> hangUpIn(Duration delay) {
    return channel.eventLoop().schedule(this::hangUp, delay.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void hangUp() {
    var _ = channel.close();
  }
}
