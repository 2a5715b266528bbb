package dev.godwit.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import dev.godwit.identity.Identity;
import dev.godwit.identity.NodeId;
import dev.godwit.membership.MeshKey;
import dev.godwit.seal.InstanceId;
import dev.godwit.seal.SealingKey;
import dev.godwit.signaling.Credentials;
import dev.godwit.signaling.HubAddress;
import dev.godwit.signaling.HubClient;
import dev.godwit.signaling.HubException;
import dev.godwit.signaling.HubState;
import dev.godwit.signaling.PresentInstance;
import dev.godwit.signaling.SealedDelivery;
import dev.godwit.signaling.proto.FromHub;
import dev.godwit.signaling.proto.Ping;
import dev.godwit.signaling.proto.Refusal;
import dev.godwit.signaling.proto.RefusalCode;
import dev.godwit.signaling.proto.Route;
import dev.godwit.signaling.proto.RouteReport;
import dev.godwit.signaling.proto.ToHub;
import java.net.BindException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HubLimitsTest {

  private static final byte[] BOX = {1};

  private final Fixture fixture = new Fixture();

  @AfterEach
  void close() throws Exception {
    fixture.close();
  }

  private Hub hub(HubLimits limits) throws Exception {
    return fixture.hub(fixture.config().withLimits(limits));
  }

  private RawClient raw(Hub hub) throws Exception {
    return fixture.closing(new RawClient(Fixture.addressOf(hub)));
  }

  private RawClient loggedIn(Hub hub, Credentials who) throws Exception {
    RawClient client = raw(hub);
    client.login(Fixture.addressOf(hub), who);
    return client;
  }

  private RawClient loggedIn(Hub hub) throws Exception {
    return loggedIn(hub, fixture.credentials(fixture.identity()));
  }

  private void assertLoginRefused(RefusalCode code, Hub hub, Identity identity) throws Exception {
    RawClient client = raw(hub);
    client.send(
        ToHub.newBuilder()
            .setLogin(
                RawClient.login(client.nonce(), hub.fingerprint(), fixture.credentials(identity)))
            .build());
    Refusal refusal = client.refusal();
    assertEquals(code, refusal.getCode());
    assertTrue(refusal.getRetryAfterSeconds() > 0, refusal::toString);
  }

  @Test
  void tooManyMessagesAreRefusedUntilLater() throws Exception {
    // The hub's clock stands still: nothing is granted after the burst of twice the rate.
    Instant now = Instant.now();
    HubConfig config = fixture.config();
    Hub hub =
        fixture.hub(
            new HubConfig(
                config.listen(),
                config.secondStunPort(),
                config.certificate(),
                HubLimits.defaults().withMessagesPerSecond(5),
                config.relay(),
                config.revocations(),
                () -> now,
                fixture.random));
    HubClient client = fixture.client(hub);
    NodeId me = client.credentials().node();
    ExecutionException refused =
        assertThrows(
            ExecutionException.class,
            () -> {
              for (int i = 0; i <= 10; i++) {
                Fixture.get(client.route(me, Optional.empty(), BOX));
              }
            });
    HubException reason = assertInstanceOf(HubException.class, refused.getCause());
    assertEquals(HubException.Reason.LIMIT, reason.reason());
    assertEquals(Duration.ofSeconds(1), reason.retryAfter());
    assertEquals(HubState.Online.class, client.state().getClass());
  }

  @Test
  void whoGoesOnSendingFarTooMuchIsSentAway() throws Exception {
    Hub hub = hub(HubLimits.defaults().withMessagesPerSecond(1));
    RawClient client = loggedIn(hub);
    byte[] question = ToHub.newBuilder().setPing(Ping.newBuilder().setId(1)).build().toByteArray();
    assertThrows(
        Exception.class,
        () -> {
          for (int i = 0; i < 100_000; i++) {
            client.send(question);
          }
        });
    assertEquals(RefusalCode.REFUSAL_CODE_TOO_MANY_MESSAGES, client.refusal().getCode());
  }

  @Test
  void tooManyLoginsOfOneAddressAreRefused() throws Exception {
    Hub hub = hub(HubLimits.defaults().withLoginsPerMinutePerAddress(2));
    loggedIn(hub);
    loggedIn(hub);
    assertLoginRefused(RefusalCode.REFUSAL_CODE_TOO_MANY_LOGINS, hub, fixture.identity());
  }

  @Test
  void tooManyConnectionsOfOneAddressAreRefused() throws Exception {
    Hub hub = hub(HubLimits.defaults().withConnectionsPerAddress(2));
    loggedIn(hub);
    loggedIn(hub);
    Refusal refusal = raw(hub).refusal();
    assertEquals(RefusalCode.REFUSAL_CODE_TOO_MANY_CONNECTIONS, refusal.getCode());
    assertTrue(refusal.getRetryAfterSeconds() > 0);
  }

  @Test
  void tooManyInstancesOfOneNodeAreRefused() throws Exception {
    Hub hub = hub(HubLimits.defaults().withInstances(2, 100));
    Identity identity = fixture.identity();
    loggedIn(hub, fixture.credentials(identity));
    loggedIn(hub, fixture.credentials(identity));
    assertLoginRefused(RefusalCode.REFUSAL_CODE_TOO_MANY_INSTANCES, hub, identity);
  }

  @Test
  void aFullHubRefuses() throws Exception {
    Hub hub = hub(HubLimits.defaults().withInstances(2, 2));
    loggedIn(hub);
    loggedIn(hub);
    assertLoginRefused(RefusalCode.REFUSAL_CODE_HUB_FULL, hub, fixture.identity());
  }

  @Test
  void theClientWaitsAsLongAsTheHubAsks() throws Exception {
    Hub hub = hub(HubLimits.defaults().withInstances(1, 1));
    loggedIn(hub);
    BlockingQueue<HubState> states = new LinkedBlockingQueue<>();
    HubClient client =
        fixture.client(Fixture.addressOf(hub), fixture.credentials(fixture.identity()));
    client.onState(states::add);
    HubState state = client.state();
    while (!(state instanceof HubState.Offline(String reason, Instant next)
        && reason.contains("full"))) {
      state = states.poll(Fixture.PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
      assertNotNull(state, "the client does not notice");
    }
    assertTrue(
        ((HubState.Offline) state).nextAttempt().isAfter(Instant.now().plusSeconds(5)),
        state::toString);
  }

  @Test
  void aMessageThatIsTooLargeEndsOnlyThatConnection() throws Exception {
    assertEndsOnlyThatConnection(
        RefusalCode.REFUSAL_CODE_TOO_LARGE, client -> client.send(new byte[81 * 1024]));
  }

  @Test
  void anEmptyMessageEndsOnlyThatConnection() throws Exception {
    assertEndsOnlyThatConnection(
        RefusalCode.REFUSAL_CODE_MALFORMED, client -> client.send(new byte[0]));
  }

  @Test
  void aShortMessageEndsOnlyThatConnection() throws Exception {
    byte[] whole =
        ToHub.newBuilder()
            .setRoute(Route.newBuilder().setSequence(1).setBox(ByteString.copyFrom(BOX)))
            .build()
            .toByteArray();
    for (int length = 1; length < whole.length; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertEndsOnlyThatConnection(RefusalCode.REFUSAL_CODE_MALFORMED, client -> client.send(cut));
    }
  }

  @Test
  void aRouteToNowhereEndsOnlyThatConnection() throws Exception {
    ToHub route =
        ToHub.newBuilder()
            .setRoute(
                Route.newBuilder()
                    .setSequence(1)
                    .setToNode(ByteString.copyFrom(new byte[31]))
                    .setBox(ByteString.copyFrom(BOX)))
            .build();
    assertEndsOnlyThatConnection(RefusalCode.REFUSAL_CODE_MALFORMED, client -> client.send(route));
  }

  @Test
  void garbageEndsOnlyThatConnection() throws Exception {
    byte[] garbage = "not a message at all".getBytes(StandardCharsets.UTF_8);
    assertEndsOnlyThatConnection(
        RefusalCode.REFUSAL_CODE_MALFORMED, client -> client.send(garbage));
  }

  @Test
  void textEndsOnlyThatConnection() throws Exception {
    assertEndsOnlyThatConnection(
        RefusalCode.REFUSAL_CODE_MALFORMED, client -> client.sendText("hello"));
  }

  @Test
  void aFragmentEndsOnlyThatConnection() throws Exception {
    assertEndsOnlyThatConnection(
        RefusalCode.REFUSAL_CODE_MALFORMED, client -> client.sendFragment(new byte[] {10}));
  }

  @Test
  void anUnknownMessageIsReportedAndTheConnectionGoesOn() throws Exception {
    RawClient client = loggedIn(hub(HubLimits.defaults()));
    // Field 99, length-delimited, one byte.
    client.send(new byte[] {(byte) 0x9A, 0x06, 0x01, 0x00});
    assertEquals(RefusalCode.REFUSAL_CODE_UNKNOWN_MESSAGE, client.next().getFailure().getCode());
    client.send(ToHub.newBuilder().setPing(Ping.newBuilder().setId(5)).build());
    assertEquals(5, client.next().getPong().getId());
  }

  /** What a test does to a hub. */
  @FunctionalInterface
  private interface Offence {
    void commit(RawClient client) throws Exception;
  }

  private void assertEndsOnlyThatConnection(RefusalCode code, Offence offence) throws Exception {
    Hub hub = hub(HubLimits.defaults());
    HubClient bystander = fixture.client(hub);
    BlockingQueue<HubState> states = new LinkedBlockingQueue<>();
    bystander.onState(states::add);
    RawClient offender = loggedIn(hub);
    offence.commit(offender);
    assertEquals(code, offender.refusal().getCode());
    assertEquals(1, Fixture.get(bystander.whoIsThere()).size());
    assertTrue(Fixture.stayedOnline(states));
  }

  @Test
  void aReceiverThatDoesNotReadIsGivenUpAndBlocksNobody() throws Exception {
    Hub hub = hub(HubLimits.defaults().withMessagesPerSecond(1_000_000));
    Credentials slow = fixture.credentials(fixture.identity());
    RawClient stuck = raw(hub);
    stuck.login(Fixture.addressOf(hub), slow);
    stuck.stopReading();
    HubClient quick = fixture.client(hub);
    BlockingQueue<SealedDelivery> received = new LinkedBlockingQueue<>();
    quick.onDelivery(received::add);
    HubClient sender = fixture.client(hub);
    byte[] large = new byte[64 * 1024];
    int delivered = 1;
    for (int i = 0; i < 2000 && delivered > 0; i++) {
      delivered = Fixture.get(sender.route(slow.node(), Optional.empty(), large));
      assertEquals(1, Fixture.get(sender.route(quick.credentials().node(), Optional.empty(), BOX)));
      assertNotNull(received.poll(Fixture.PATIENCE.toMillis(), TimeUnit.MILLISECONDS));
    }
    assertEquals(0, delivered, "the hub never gave up");
  }

  /** Sends boxes until the hub does not take one; what it says then. */
  private String filled(RawClient sender, NodeId to) throws Exception {
    ByteString box = ByteString.copyFrom(new byte[60_000]);
    for (int sequence = 1; sequence < 2000; sequence++) {
      sender.send(
          ToHub.newBuilder()
              .setRoute(
                  Route.newBuilder()
                      .setSequence(sequence)
                      .setToNode(ByteString.copyFrom(to.bytes()))
                      .setBox(box))
              .build());
      RouteReport report = sender.next().getRouteReport();
      if (report.getDelivered() == 0) {
        return report.getReason();
      }
    }
    throw new AssertionError("the hub takes everything");
  }

  @Test
  void aSlowMemberIsNotThrownOutForWhatStrangersSend() throws Exception {
    Hub hub = hub(HubLimits.defaults().withMessagesPerSecond(1_000_000));
    Credentials slow = fixture.credentials(fixture.identity());
    RawClient stuck = loggedIn(hub, slow);
    stuck.stopReading();
    HubClient member = fixture.client(hub);
    for (int i = 0; i < 6; i++) {
      Credentials stranger =
          new Credentials(
              fixture.identity(),
              MeshKey.generate(fixture.random).id(),
              InstanceId.random(fixture.random),
              SealingKey.generate(fixture.random));
      String reason = filled(loggedIn(hub, stranger), slow.node());
      assertTrue(reason.contains("does not take what it is sent"), reason);
    }
    assertTrue(
        Fixture.get(member.whoIsThere()).stream()
            .map(PresentInstance::node)
            .anyMatch(slow.node()::equals));
    stuck.send(ToHub.newBuilder().setPing(Ping.newBuilder().setId(7)).build());
    stuck.readOn();
    FromHub last = stuck.next();
    while (last.hasDelivery() || last.hasPresence()) {
      last = stuck.next();
    }
    assertEquals(7, last.getPong().getId(), last::toString);
  }

  @Test
  void aTakenPortIsNamed() throws Exception {
    HubAddress taken = Fixture.addressOf(hub(HubLimits.defaults()));
    BindException refused =
        assertThrows(
            BindException.class,
            () -> Hub.start(fixture.config().withListen(Fixture.loopback(taken.port()))).close());
    assertTrue(
        String.valueOf(refused.getMessage()).contains(taken.hostAndPort()), refused::getMessage);
  }
}
