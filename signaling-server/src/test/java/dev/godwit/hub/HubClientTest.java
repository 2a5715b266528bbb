package dev.godwit.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.identity.HubCertificate;
import dev.godwit.membership.Revocations;
import dev.godwit.membership.Serial;
import dev.godwit.signaling.HubAddress;
import dev.godwit.signaling.HubClient;
import dev.godwit.signaling.HubException;
import dev.godwit.signaling.HubState;
import dev.godwit.signaling.HubTiming;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class HubClientTest {

  private static final int LARGER_THAN_A_MESSAGE = 3000;

  private final Fixture fixture = new Fixture();
  private final BlockingQueue<HubState> states = new LinkedBlockingQueue<>();

  @AfterEach
  void close() throws Exception {
    fixture.close();
  }

  private void awaitOffline(String because) throws InterruptedException {
    Fixture.await(
        states,
        state ->
            state instanceof HubState.Offline(String reason, Instant next)
                && reason.contains(because)
                && next.isAfter(Instant.EPOCH));
  }

  private void awaitOnline() throws InterruptedException {
    Fixture.awaitOnline(states);
  }

  @Test
  void whoWasLoggedInOnceOutlastsAForeignServerAtTheHubsAddress() throws Exception {
    Hub hub = fixture.hub();
    HubClient client = fixture.client(hub);
    client.onState(states::add);
    int port = hub.address().getPort();
    hub.close();
    HubConfig config = fixture.config().withListen(Fixture.loopback(port));
    Hub foreign =
        fixture.hub(
            new HubConfig(
                config.listen(),
                OptionalInt.empty(),
                HubCertificate.generate(fixture.clock, fixture.random),
                config.limits(),
                config.relay(),
                config.revocations(),
                fixture.clock,
                fixture.random));
    awaitOffline("is not the hub that is wanted");
    foreign.close();
    fixture.hub(config);
    awaitOnline();
  }

  @Test
  void aHubThatGivesNoSignOfLifeIsLeft() throws Exception {
    HostileHub hub =
        fixture.closing(
            new HostileHub(
                fixture.certificate,
                new HostileHub.Lies(
                    UnaryOperator.identity(),
                    UnaryOperator.identity(),
                    1,
                    HostileHub.Pings.IGNORED)));
    HubTiming impatient =
        new HubTiming(
            Duration.ofSeconds(10),
            Duration.ofSeconds(10),
            Duration.ofMillis(100),
            Duration.ofMillis(500),
            Duration.ofMillis(50),
            Duration.ofMillis(400),
            Duration.ofDays(1));
    HubClient client =
        fixture.closing(
            HubClient.start(
                hub.address(),
                fixture.credentials(fixture.identity()),
                impatient,
                fixture.clock,
                fixture.random));
    client.onState(states::add);
    awaitOffline("said nothing");
    awaitOnline();
  }

  @Test
  void theLoginIsRenewedBeforeTheSealingCertificateExpires() throws Exception {
    Hub hub = fixture.hub();
    AtomicReference<Duration> ahead = new AtomicReference<>(Duration.ZERO);
    HubClient client =
        fixture.closing(
            HubClient.start(
                Fixture.addressOf(hub),
                fixture.credentials(fixture.identity()),
                Fixture.TIMING,
                () -> Instant.now().plus(ahead.get()),
                fixture.random));
    client.awaitOnline(Fixture.PATIENCE);
    client.onState(states::add);
    Instant before = Fixture.get(client.whoIsThere()).getFirst().certificate().notAfter();
    ahead.set(Duration.ofHours(13));
    awaitOffline("renewed");
    awaitOnline();
    assertTrue(
        Fixture.get(client.whoIsThere()).getFirst().certificate().notAfter().isAfter(before));
  }

  private Revocations known() {
    return Revocations.none(fixture.mesh.id())
        .revoke(fixture.mesh, fixture.identity().id(), fixture.clock.instant());
  }

  /** What another member hears of once {@code told} has run. */
  private long heardOnce(Hub hub, Callable<?> told) throws Exception {
    BlockingQueue<Revocations> heard = new LinkedBlockingQueue<>();
    fixture.client(hub).onRevocations(heard::add);
    Object _ = told.call();
    return Objects.requireNonNull(heard.poll(Fixture.PATIENCE.toMillis(), TimeUnit.MILLISECONDS))
        .version();
  }

  /** As a node has them on its disk, when the hub was started anew meanwhile. */
  @Test
  void whatAClientKnowsOfRevocationsAtItsStartTheHubIsTold() throws Exception {
    Hub hub = fixture.hub();
    Revocations known = known();
    long heard =
        heardOnce(
            hub,
            () ->
                fixture.closing(
                    HubClient.start(
                        Fixture.addressOf(hub),
                        fixture.credentials(fixture.identity()),
                        known,
                        Fixture.TIMING,
                        fixture.clock,
                        fixture.random)));
    assertEquals(known.version(), heard);
  }

  @Test
  void whatAClientIsInformedOfTheHubIsTold() throws Exception {
    Hub hub = fixture.hub();
    HubClient client = fixture.client(hub);
    Revocations known = known();
    long heard =
        heardOnce(
            hub,
            () -> {
              client.inform(known);
              return true;
            });
    assertEquals(known.version(), heard);
  }

  private Revocations large() {
    List<Serial> serials =
        Stream.generate(() -> Serial.random(fixture.random)).limit(LARGER_THAN_A_MESSAGE).toList();
    return Revocations.none(fixture.mesh.id())
        .revoke(fixture.mesh, serials, fixture.clock.instant());
  }

  @Test
  void aListThatIsLargerThanAMessageTravelsInPages() throws Exception {
    Hub hub = fixture.hub();
    Revocations large = large();
    HubClient client = fixture.client(hub);
    client.onState(states::add);
    assertEquals(large.version(), heardOnce(hub, () -> Fixture.get(client.publish(large))));
    assertTrue(Fixture.stayedOnline(states));
  }

  @Test
  void whoLogsInHasTheListBeforeItAsksForAnything() throws Exception {
    Hub hub = fixture.hub();
    Revocations large = large();
    assertEquals(large.version(), Fixture.get(fixture.client(hub).publish(large)));
    assertEquals(large.version(), fixture.client(hub).revocations().version());
  }

  @Test
  void aListThatChangesWhileItIsFetchedIsFetchedAnew() throws Exception {
    Hub hub = fixture.hub();
    Revocations list = large();
    HubClient publisher = fixture.client(hub);
    BlockingQueue<Revocations> heard = new LinkedBlockingQueue<>();
    fixture.client(hub).onRevocations(heard::add);
    for (int i = 0; i < 20; i++) {
      list = list.revoke(fixture.mesh, Serial.random(fixture.random), fixture.clock.instant());
      assertEquals(list.version(), Fixture.get(publisher.publish(list)));
    }
    long last = list.version();
    long newest = 0;
    while (newest != last) {
      newest =
          Objects.requireNonNull(heard.poll(Fixture.PATIENCE.toMillis(), TimeUnit.MILLISECONDS))
              .version();
    }
  }

  @Test
  void anUnreachableHubIsTriedAgainAndNamed() throws Exception {
    HubAddress nobody;
    try (ServerSocket closed = new ServerSocket(0, 1, Fixture.loopback(0).getAddress())) {
      nobody =
          new HubAddress("127.0.0.1", closed.getLocalPort(), fixture.certificate.fingerprint());
    }
    HubClient client = fixture.client(nobody, fixture.credentials(fixture.identity()));
    client.onState(states::add);
    awaitOffline(nobody.hostAndPort());
    awaitOffline(nobody.hostAndPort());
    HubException late = assertThrows(HubException.class, () -> client.awaitOnline(Duration.ZERO));
    assertEquals(HubException.Reason.NOT_LISTENING, late.reason());
  }

  @Test
  @Timeout(30)
  void closingDoesNotWaitForAHubThatSaysNothing() throws Exception {
    try (ServerSocket mute = new ServerSocket(0, 10, Fixture.loopback(0).getAddress())) {
      HubClient client =
          fixture.client(
              new HubAddress("127.0.0.1", mute.getLocalPort(), fixture.certificate.fingerprint()),
              fixture.credentials(fixture.identity()));
      try (Socket middleOfTheHandshake = mute.accept()) {
        assertTrue(middleOfTheHandshake.isConnected());
        client.close();
      }
      assertInstanceOf(HubState.Ended.class, client.state());
      ExecutionException refused =
          assertThrows(ExecutionException.class, () -> Fixture.get(client.whoIsThere()));
      assertEquals(
          HubException.Reason.CLOSED,
          assertInstanceOf(HubException.class, refused.getCause()).reason());
    }
  }
}
