package dev.godwit.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.godwit.membership.MeshKey;
import dev.godwit.signaling.Attendance.Outlook;
import dev.godwit.signaling.Credentials;
import dev.godwit.signaling.HubClient;
import dev.godwit.signaling.HubTiming;
import java.time.Duration;
import java.time.Instant;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whether the hub expects somebody back who is not logged in. */
@Timeout(60)
class HubLossTest {

  private static final Duration LATER = Losses.MOMENT.plusSeconds(1);

  private final Fixture fixture = new Fixture();
  private final AtomicReference<Duration> ahead = new AtomicReference<>(Duration.ZERO);
  private Hub hub;
  private HubClient witness;

  @BeforeEach
  void start() throws Exception {
    HubConfig config = fixture.config();
    hub =
        fixture.hub(
            new HubConfig(
                config.listen(),
                OptionalInt.empty(),
                config.certificate(),
                config.limits(),
                config.relay(),
                config.revocations(),
                () -> Instant.now().plus(ahead.get()),
                fixture.random));
    witness = fixture.client(hub);
  }

  @AfterEach
  void close() throws Exception {
    fixture.close();
  }

  private void later() {
    ahead.updateAndGet(before -> before.plus(LATER));
  }

  private Outlook outlook() throws Exception {
    return Fixture.get(witness.attendance()).outlook();
  }

  private void untilLeft() throws Exception {
    Fixture.until(() -> Fixture.get(witness.whoIsThere()).size() == 1);
  }

  private RawClient login(Credentials who) throws Exception {
    RawClient client = fixture.closing(new RawClient(Fixture.addressOf(hub)));
    client.login(Fixture.addressOf(hub), who);
    return client;
  }

  @Test
  void aHubThatWasJustStartedExpectsEverybody() throws Exception {
    assertEquals(Outlook.UNSETTLED, outlook());
    later();
    assertEquals(Outlook.SETTLED, outlook());
  }

  @Test
  void whoseConnectionIsLostIsExpectedBackForAMoment() throws Exception {
    later();
    login(fixture.credentials(fixture.identity())).close();
    untilLeft();
    assertEquals(Outlook.UNSETTLED, outlook());
    later();
    assertEquals(Outlook.SETTLED, outlook());
  }

  @Test
  void whoSaidGoodbyeIsNotExpectedBack() throws Exception {
    later();
    fixture.client(hub).close();
    untilLeft();
    assertEquals(Outlook.SETTLED, outlook());
  }

  @Test
  void aConnectionThatIsGivenUpIsNotAGoodbye() throws Exception {
    later();
    Credentials who = fixture.credentials(fixture.identity());
    HubTiming slowToComeBack =
        new HubTiming(
            Duration.ofSeconds(10),
            Duration.ofSeconds(10),
            Duration.ofMillis(20),
            Duration.ofNanos(1),
            Duration.ofSeconds(50),
            Duration.ofSeconds(50),
            Duration.ofDays(1));
    HubClient impatient =
        fixture.closing(
            HubClient.start(
                Fixture.addressOf(hub), who, slowToComeBack, fixture.clock, fixture.random));
    impatient.awaitOnline(Fixture.PATIENCE);
    untilLeft();
    assertEquals(Outlook.UNSETTLED, outlook());
  }

  @Test
  void aNewLoginOfTheSameProcessIsNoLoss() throws Exception {
    later();
    Credentials who = fixture.credentials(fixture.identity());
    RawClient old = login(who);
    RawClient renewed = login(who);
    old.refusal();
    old.close();
    assertEquals(2, Fixture.get(witness.whoIsThere()).size());
    assertEquals(Outlook.SETTLED, outlook());
    renewed.close();
    untilLeft();
    assertEquals(Outlook.UNSETTLED, outlook());
  }

  @Test
  void aLossInAnotherMeshIsOfNoInterest() throws Exception {
    later();
    Credentials plain = fixture.credentials(fixture.identity());
    Credentials foreign =
        new Credentials(
            plain.identity(),
            MeshKey.generate(fixture.random).id(),
            plain.instance(),
            plain.sealingKey());
    RawClient stranger = login(foreign);
    assertEquals(1, Fixture.get(witness.lookup(foreign.node())).size());
    stranger.close();
    Fixture.until(() -> Fixture.get(witness.lookup(foreign.node())).isEmpty());
    assertEquals(Outlook.SETTLED, outlook());
  }
}
