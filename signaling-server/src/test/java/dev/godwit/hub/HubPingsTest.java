package dev.godwit.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.godwit.signaling.proto.FromHub;
import dev.godwit.signaling.proto.RefusalCode;
import dev.godwit.signaling.proto.ToHub;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import java.net.SocketAddress;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which pings of WebSocket (RFC 6455, section 5.5.2) a hub answers. Its clock stands still. */
class HubPingsTest {
  private static final int PER_SECOND = 5;
  private static final SocketAddress FROM = Fixture.loopback(4000);

  private final Fixture fixture = new Fixture();
  private final Instant now = Instant.now();
  private final HubLimits limits = HubLimits.defaults().withMessagesPerSecond(PER_SECOND);
  private final AddressQuota quota = new AddressQuota(limits, () -> now);
  private final HubServices services = services();
  private final ConnectionGate gate = new ConnectionGate(quota, limits);
  private final EmbeddedChannel channel =
      new EmbeddedChannel(gate) {
        @Override
        protected SocketAddress remoteAddress0() {
          return FROM;
        }
      };
  private byte[] nonce;

  private HubServices services() {
    Presence presence = new Presence(limits, () -> now);
    RevocationBoard revocations = new RevocationBoard(1 << 20);
    return new HubServices(
        fixture.certificate.fingerprint(),
        limits,
        quota,
        presence,
        revocations,
        new Router(presence, revocations, new RevocationIntake(1 << 20, () -> now)),
        Optional.empty(),
        List.of(),
        () -> now,
        fixture.random);
  }

  @BeforeEach
  void open() throws Exception {
    HubConnection connection = new HubConnection(services, gate, channel);
    channel.pipeline().addLast(FrontDoor.CONNECTION, connection);
    connection.open();
    channel.runPendingTasks();
    nonce = said().getChallenge().getNonce().toByteArray();
  }

  @AfterEach
  void close() {
    channel.finishAndReleaseAll();
  }

  private FromHub said() throws InvalidProtocolBufferException {
    BinaryWebSocketFrame frame =
        assertInstanceOf(BinaryWebSocketFrame.class, channel.readOutbound());
    return FromHub.parseFrom(ByteBufUtil.getBytes(frame.content()));
  }

  private void login() throws InvalidProtocolBufferException {
    ToHub login =
        ToHub.newBuilder()
            .setLogin(
                RawClient.login(
                    nonce,
                    fixture.certificate.fingerprint(),
                    fixture.credentials(fixture.identity())))
            .build();
    boolean _ =
        channel.writeInbound(new BinaryWebSocketFrame(Unpooled.wrappedBuffer(login.toByteArray())));
    assertTrue(said().hasWelcome());
  }

  private void ping(int times) {
    for (int i = 0; i < times; i++) {
      boolean _ = channel.writeInbound(new PingWebSocketFrame(Unpooled.copyInt(i)));
    }
  }

  /** How many pongs the hub has sent. */
  private int pongs() {
    int count = 0;
    for (WebSocketFrame frame = channel.readOutbound();
        frame != null;
        frame = channel.readOutbound()) {
      PongWebSocketFrame pong = assertInstanceOf(PongWebSocketFrame.class, frame);
      assertEquals(count, pong.content().readInt());
      count++;
    }
    return count;
  }

  private void takesWrites(boolean writable) {
    channel.unsafe().outboundBuffer().setUserDefinedWritability(1, writable);
    channel.runPendingTasks();
  }

  @Test
  void thereIsNoPongBeforeTheLogin() throws Exception {
    ping(3);
    assertEquals(0, pongs());
    login();
    ping(3);
    assertEquals(3, pongs());
  }

  @Test
  void whoPingsAndDoesNotLogInIsRefused() throws Exception {
    ping(2000);
    assertEquals(RefusalCode.REFUSAL_CODE_TOO_MANY_MESSAGES, said().getRefusal().getCode());
  }

  @Test
  void pingsCountAsMessages() throws Exception {
    login();
    ping(100);
    assertEquals(2 * PER_SECOND, pongs());
  }

  @Test
  void thereIsNoPongForOneThatDoesNotRead() throws Exception {
    login();
    takesWrites(false);
    ping(3);
    assertEquals(0, pongs());
    takesWrites(true);
    ping(3);
    assertEquals(3, pongs());
  }

  @Test
  void oneThatDoesNotReadIsNotReadFrom() throws Exception {
    login();
    takesWrites(false);
    assertFalse(channel.config().isAutoRead());
    takesWrites(true);
    assertTrue(channel.config().isAutoRead());
  }
}
