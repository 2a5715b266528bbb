package dev.godwit.hub;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.godwit.signaling.HubProtocol;
import dev.godwit.signaling.RelayPass;
import dev.godwit.signaling.proto.Challenge;
import dev.godwit.signaling.proto.Endpoint;
import dev.godwit.signaling.proto.FromHub;
import dev.godwit.signaling.proto.Login;
import dev.godwit.signaling.proto.Ping;
import dev.godwit.signaling.proto.Refusal;
import dev.godwit.signaling.proto.RefusalCode;
import dev.godwit.signaling.proto.RelayOffer;
import dev.godwit.signaling.proto.ToHub;
import dev.godwit.signaling.proto.Welcome;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CorruptedWebSocketFrameException;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketCloseStatus;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.handler.timeout.IdleStateHandler;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The control channel of one node, from the challenge on. Everything runs on the connection's event
 * loop. What goes wrong here ends this connection, with a reason, and no other.
 */
final class HubConnection extends SimpleChannelInboundHandler<WebSocketFrame> implements Upgraded {

  private static final Logger LOG = LoggerFactory.getLogger(HubConnection.class);

  /** Nothing is heard for three such parts of the idle limit: the node is gone. */
  private static final int IDLE_PARTS = 3;

  /** How long a refused node has to read why. */
  private static final Duration LINGER = Duration.ofSeconds(1);

  /** A node that goes on like this does not read what it is told. */
  private static final int MAX_EXCESS = 1000;

  private static final int MAX_CLOSE_REASON_BYTES = 120;
  private static final String SOFTWARE = "godwit-hub";

  private final HubServices services;
  private final ConnectionGate gate;
  private final Channel channel;
  private final Outlet outlet;
  private final byte[] nonce = new byte[HubProtocol.NONCE_BYTES];
  private @Nullable Member member;
  private Presence.Parting parting = Presence.Parting.LOST;
  private boolean closing;
  private int silentParts;
  private int excess;

  HubConnection(HubServices services, ConnectionGate gate, Channel channel) {
    this.services = services;
    this.gate = gate;
    this.channel = channel;
    this.outlet = new Outlet(channel, services.limits().queuedBytes(), this::tooSlow);
    services.random().nextBytes(nonce);
  }

  @Override
  public void open() {
    if (gate.verdict() != AddressQuota.Verdict.ADMITTED) {
      refuse(
          new Refused(
              RefusalCode.REFUSAL_CODE_TOO_MANY_CONNECTIONS,
              "There are too many connections from this address.",
              Duration.ofSeconds(10)));
      return;
    }
    outlet.send(
        FromHub.newBuilder()
            .setChallenge(
                Challenge.newBuilder()
                    .setNonce(ByteString.copyFrom(nonce))
                    .setClockMillis(services.clock().millis())
                    .setVersionMin(HubProtocol.VERSION)
                    .setVersionMax(HubProtocol.VERSION)
                    .setSoftware(SOFTWARE))
            .build());
  }

  @Override
  protected void channelRead0(ChannelHandlerContext context, WebSocketFrame frame) {
    silentParts = 0;
    switch (frame) {
      case CloseWebSocketFrame close -> {
        LOG.debug("{} closes: {}", channel, close.statusCode());
        if (!closing) {
          if (close.statusCode() == WebSocketCloseStatus.NORMAL_CLOSURE.code()) {
            parting = Presence.Parting.GOODBYE;
          }
          var _ = context.write(new CloseWebSocketFrame(WebSocketCloseStatus.NORMAL_CLOSURE));
        }
        closing = true;
        var _ = context.flush().close();
      }
      case WebSocketFrame ignored when closing -> LOG.trace("Ignored a frame while closing");
      case PingWebSocketFrame ping -> pong(context, ping);
      case PongWebSocketFrame pong -> LOG.trace("{} is alive", channel);
      case BinaryWebSocketFrame binary when binary.isFinalFragment() ->
          message(ByteBufUtil.getBytes(binary.content()));
      default ->
          refuse(
              new Refused(
                  RefusalCode.REFUSAL_CODE_MALFORMED, "Every message is one whole binary frame."));
    }
  }

  /** Not before the login, nor faster than a node may send, nor for one that does not read. */
  private void pong(ChannelHandlerContext context, PingWebSocketFrame ping) {
    Member known = member;
    if (known == null) {
      exceeded();
      return;
    }
    if (!channel.isWritable()) {
      return;
    }
    if (known.messages().take().isEmpty()) {
      var _ = context.writeAndFlush(new PongWebSocketFrame(ping.content().retain()));
    } else {
      exceeded();
    }
  }

  private void exceeded() {
    try {
      count(Router.Rate.EXCEEDED);
    } catch (Refused e) {
      refuse(e);
    }
  }

  private void message(byte[] bytes) {
    try {
      ToHub message = ToHub.parseFrom(bytes);
      Member known = member;
      if (known != null) {
        count(services.router().received(known, message));
      } else if (message.hasLogin()) {
        login(message.getLogin());
      } else {
        throw new Refused(RefusalCode.REFUSAL_CODE_MALFORMED, "The first message is a login.");
      }
    } catch (InvalidProtocolBufferException e) {
      refuse(
          new Refused(
              RefusalCode.REFUSAL_CODE_MALFORMED, "A frame is not a message: " + e.getMessage()));
    } catch (Refused e) {
      refuse(e);
    }
  }

  private void count(Router.Rate rate) throws Refused {
    excess = rate == Router.Rate.KEPT ? 0 : excess + 1;
    if (excess > MAX_EXCESS) {
      throw new Refused(
          RefusalCode.REFUSAL_CODE_TOO_MANY_MESSAGES,
          "The node sends far too many messages.",
          Duration.ofSeconds(10));
    }
  }

  private void login(Login login) throws Refused {
    InetSocketAddress from = (InetSocketAddress) channel.remoteAddress();
    Optional<Duration> wait = services.quota().login(from.getAddress());
    if (wait.isPresent()) {
      throw new Refused(
          RefusalCode.REFUSAL_CODE_TOO_MANY_LOGINS,
          "There are too many logins from this address.",
          wait.get());
    }
    VerifiedLogin verified =
        VerifiedLogin.of(login, nonce, services.fingerprint(), services.clock());
    RelayPass pass = RelayPass.random(services.random());
    Presence.Joined joined =
        services.presence().join(verified, pass, outlet, welcome(from, verified, pass));
    member = joined.member();
    gate.loggedIn();
    joined.replaced().ifPresent(old -> old.outlet().tell(ConnectionEvent.REPLACED));
    long part = Math.max(1, services.limits().idle().toMillis() / IDLE_PARTS);
    channel
        .pipeline()
        .addBefore(
            FrontDoor.CONNECTION, "idle", new IdleStateHandler(part, 0, 0, TimeUnit.MILLISECONDS));
    LOG.debug("{} logged in from {}", verified.node().shortForm(), from);
  }

  private FromHub welcome(InetSocketAddress from, VerifiedLogin login, RelayPass pass) {
    Welcome.Builder welcome =
        Welcome.newBuilder()
            .setVersion(HubProtocol.VERSION)
            .setObserved(
                Endpoint.newBuilder()
                    .setAddress(ByteString.copyFrom(from.getAddress().getAddress()))
                    .setPort(from.getPort()))
            .addAllStunPorts(services.stunPorts())
            .setMessageBytes(services.limits().messageBytes())
            .setMessagesPerSecond(services.limits().messagesPerSecond())
            .setIdleSeconds(Refused.secondsUp(services.limits().idle()))
            .setRevocationsVersion(services.revocations().version(login.mesh()));
    services
        .relay()
        .ifPresent(
            relay ->
                welcome.setRelay(
                    RelayOffer.newBuilder()
                        .setPass(ByteString.copyFrom(pass.value().toByteArray()))
                        .setTerms(relay.limits().toProto())));
    return FromHub.newBuilder().setWelcome(welcome).build();
  }

  private void tooSlow() {
    refuse(
        new Refused(
            RefusalCode.REFUSAL_CODE_TOO_SLOW,
            "The node does not read what is sent to it.",
            Duration.ofSeconds(1)));
  }

  /** Says why, gives the node a moment to read it, and closes. */
  private void refuse(Refused refused) {
    if (closing) {
      return;
    }
    closing = true;
    LOG.info("{} is refused: {}", channel.remoteAddress(), refused.sentence());
    leave();
    outlet.close();
    var _ =
        channel.write(
            new BinaryWebSocketFrame(
                Unpooled.wrappedBuffer(
                    FromHub.newBuilder()
                        .setRefusal(
                            Refusal.newBuilder()
                                .setCode(refused.code())
                                .setReason(refused.sentence())
                                .setRetryAfterSeconds(refused.retryAfterSeconds()))
                        .build()
                        .toByteArray())));
    var _ =
        channel.writeAndFlush(
            new CloseWebSocketFrame(status(refused), shortened(refused.sentence())));
    var _ = channel.eventLoop().schedule(this::hangUp, LINGER.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void hangUp() {
    var _ = channel.close();
  }

  private static WebSocketCloseStatus status(Refused refused) {
    return switch (refused.code()) {
      case REFUSAL_CODE_TOO_LARGE -> WebSocketCloseStatus.MESSAGE_TOO_BIG;
      case REFUSAL_CODE_MALFORMED -> WebSocketCloseStatus.PROTOCOL_ERROR;
      case REFUSAL_CODE_SHUTTING_DOWN -> WebSocketCloseStatus.ENDPOINT_UNAVAILABLE;
      default -> WebSocketCloseStatus.POLICY_VIOLATION;
    };
  }

  private static String shortened(String sentence) {
    String ascii = sentence.replaceAll("[^\\x20-\\x7E]", "?");
    return ascii.substring(0, Math.min(ascii.length(), MAX_CLOSE_REASON_BYTES));
  }

  private void leave() {
    Member known = member;
    if (known != null) {
      services.presence().leave(known, parting);
      services.router().left(known);
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    closing = true;
    leave();
    outlet.close();
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    if (!closing) {
      outlet.drain();
      // Who does not read is not read from: every message of it may be answered.
      channel.config().setAutoRead(channel.isWritable());
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    switch (event) {
      case IdleStateEvent idle -> silent();
      case ConnectionEvent.LOGIN_OVERDUE ->
          refuse(new Refused(RefusalCode.REFUSAL_CODE_IDLE, "The node did not log in in time."));
      case ConnectionEvent.SHUTTING_DOWN ->
          refuse(
              new Refused(RefusalCode.REFUSAL_CODE_SHUTTING_DOWN, "The hub is being shut down."));
      case ConnectionEvent.REPLACED ->
          refuse(
              new Refused(
                  RefusalCode.REFUSAL_CODE_REPLACED,
                  "The same process logged in on another connection."));
      default -> LOG.trace("{}: {}", channel, event);
    }
  }

  private void silent() {
    silentParts++;
    if (silentParts >= IDLE_PARTS) {
      refuse(new Refused(RefusalCode.REFUSAL_CODE_IDLE, "Nothing was heard from the node."));
    } else {
      outlet.send(FromHub.newBuilder().setPing(Ping.newBuilder().setId(silentParts)).build());
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    switch (cause) {
      case TooLongFrameException tooLong -> refuseTooLarge();
      case CorruptedWebSocketFrameException corrupt
          when corrupt.closeStatus().equals(WebSocketCloseStatus.MESSAGE_TOO_BIG) ->
          refuseTooLarge();
      case CorruptedWebSocketFrameException corrupt ->
          refuse(
              new Refused(
                  RefusalCode.REFUSAL_CODE_MALFORMED,
                  "This is not a WebSocket frame: " + corrupt.getMessage()));
      default -> {
        LOG.debug("{} failed", channel, cause);
        var _ = context.close();
      }
    }
  }

  private void refuseTooLarge() {
    refuse(
        new Refused(
            RefusalCode.REFUSAL_CODE_TOO_LARGE,
            "A message has at most " + services.limits().messageBytes() + " bytes."));
  }
}
