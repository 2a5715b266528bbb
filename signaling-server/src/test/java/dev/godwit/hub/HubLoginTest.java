package dev.godwit.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import dev.godwit.identity.HubCertificate;
import dev.godwit.identity.Identity;
import dev.godwit.seal.InstanceId;
import dev.godwit.seal.SealingCertificate;
import dev.godwit.signaling.Credentials;
import dev.godwit.signaling.HubAddress;
import dev.godwit.signaling.HubClient;
import dev.godwit.signaling.HubException;
import dev.godwit.signaling.HubState;
import dev.godwit.signaling.HubWelcome;
import dev.godwit.signaling.proto.Login;
import dev.godwit.signaling.proto.Refusal;
import dev.godwit.signaling.proto.RefusalCode;
import dev.godwit.signaling.proto.ToHub;
import dev.godwit.signaling.proto.WhoIsThere;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HubLoginTest {

  private final Fixture fixture = new Fixture();
  private Hub hub;
  private Credentials who;

  @BeforeEach
  void start() throws Exception {
    hub = fixture.hub();
    who = fixture.credentials(fixture.identity());
  }

  @AfterEach
  void close() throws Exception {
    fixture.close();
  }

  private RawClient raw() throws Exception {
    return fixture.closing(new RawClient(Fixture.addressOf(hub)));
  }

  private static void assertRefused(RefusalCode code, RawClient client) throws Exception {
    Refusal refusal = client.refusal();
    assertEquals(code, refusal.getCode(), refusal::getReason);
    assertTrue(refusal.getReason().endsWith("."), refusal::getReason);
  }

  private void assertLoginRefused(RefusalCode code, RawClient client, Login login)
      throws Exception {
    client.send(ToHub.newBuilder().setLogin(login).build());
    assertRefused(code, client);
  }

  private SealingCertificate certificate() {
    return who.sealingKey()
        .certificate(who.identity(), who.instance(), Instant.now().plus(Duration.ofHours(1)));
  }

  @Test
  void theHubTellsWhereTheNodeComesFromAndWhereStunIs() throws Exception {
    HubWelcome welcome = fixture.client(hub).awaitOnline(Fixture.PATIENCE);
    assertTrue(welcome.observed().getAddress().isLoopbackAddress());
    assertEquals(List.of(hub.stunAddress().getPort()), welcome.stunPorts());
    assertEquals(HubLimits.defaults().messageBytes(), welcome.messageBytes());
  }

  @Test
  void aSignatureOfAnotherKeyIsRefused() throws Exception {
    RawClient client = raw();
    Identity other = fixture.identity();
    assertLoginRefused(
        RefusalCode.REFUSAL_CODE_BAD_LOGIN,
        client,
        RawClient.login(client.nonce(), hub.fingerprint(), who, other, certificate()));
  }

  @Test
  void aTamperedSignatureIsRefused() throws Exception {
    RawClient client = raw();
    Login login = RawClient.login(client.nonce(), hub.fingerprint(), who);
    byte[] signature = login.getSignature().toByteArray();
    signature[10] ^= 1;
    assertLoginRefused(
        RefusalCode.REFUSAL_CODE_BAD_LOGIN,
        client,
        login.toBuilder().setSignature(ByteString.copyFrom(signature)).build());
  }

  @Test
  void aLoginForAnotherHubIsRefused() throws Exception {
    RawClient client = raw();
    HubCertificate other = HubCertificate.generate(fixture.clock, fixture.random);
    assertLoginRefused(
        RefusalCode.REFUSAL_CODE_BAD_LOGIN,
        client,
        RawClient.login(client.nonce(), other.fingerprint(), who));
  }

  @Test
  void aLoginFromAnotherConnectionIsRefused() throws Exception {
    byte[] otherNonce = raw().nonce();
    RawClient client = raw();
    client.nonce();
    assertLoginRefused(
        RefusalCode.REFUSAL_CODE_BAD_LOGIN,
        client,
        RawClient.login(otherNonce, hub.fingerprint(), who));
  }

  @Test
  void aSealingCertificateOfAnotherNodeIsRefused() throws Exception {
    RawClient client = raw();
    Identity other = fixture.identity();
    SealingCertificate foreign =
        who.sealingKey()
            .certificate(other, who.instance(), Instant.now().plus(Duration.ofHours(1)));
    assertLoginRefused(
        RefusalCode.REFUSAL_CODE_BAD_LOGIN,
        client,
        RawClient.login(client.nonce(), hub.fingerprint(), who, who.identity(), foreign));
  }

  @Test
  void aSealingCertificateOfAnotherInstanceIsRefused() throws Exception {
    RawClient client = raw();
    SealingCertificate foreign =
        who.sealingKey()
            .certificate(
                who.identity(),
                InstanceId.random(fixture.random),
                Instant.now().plus(Duration.ofHours(1)));
    assertLoginRefused(
        RefusalCode.REFUSAL_CODE_BAD_LOGIN,
        client,
        RawClient.login(client.nonce(), hub.fingerprint(), who, who.identity(), foreign));
  }

  @Test
  void anUnknownVersionIsRefused() throws Exception {
    RawClient client = raw();
    Login login = RawClient.login(client.nonce(), hub.fingerprint(), who);
    assertLoginRefused(
        RefusalCode.REFUSAL_CODE_VERSION, client, login.toBuilder().setVersion(9).build());
  }

  @Test
  void nothingIsServedBeforeTheLogin() throws Exception {
    RawClient client = raw();
    client.nonce();
    client.send(ToHub.newBuilder().setWhoIsThere(WhoIsThere.newBuilder().setSequence(1)).build());
    assertRefused(RefusalCode.REFUSAL_CODE_MALFORMED, client);
  }

  @Test
  void aSecondLoginOnOneConnectionIsRefused() throws Exception {
    RawClient client = raw();
    client.login(Fixture.addressOf(hub), who);
    assertLoginRefused(
        RefusalCode.REFUSAL_CODE_MALFORMED,
        client,
        RawClient.login(new byte[32], hub.fingerprint(), who));
  }

  @Test
  void theSameProcessTakesTheOldLoginsPlace() throws Exception {
    RawClient first = raw();
    first.login(Fixture.addressOf(hub), who);
    RawClient second = raw();
    second.login(Fixture.addressOf(hub), who);
    assertRefused(RefusalCode.REFUSAL_CODE_REPLACED, first);
    assertEquals(1, Fixture.get(fixture.client(hub).lookup(who.node())).size());
  }

  @Test
  void whoDoesNotLogInIsSentAway() throws Exception {
    hub =
        fixture.hub(
            fixture
                .config()
                .withLimits(
                    HubLimits.defaults()
                        .withTimes(Duration.ofMillis(500), Duration.ofSeconds(60))));
    assertRefused(RefusalCode.REFUSAL_CODE_IDLE, raw());
  }

  @Test
  void whoSaysNothingIsSentAway() throws Exception {
    hub =
        fixture.hub(
            fixture
                .config()
                .withLimits(
                    HubLimits.defaults()
                        .withTimes(Duration.ofSeconds(10), Duration.ofMillis(600))));
    RawClient client = raw();
    client.login(Fixture.addressOf(hub), who);
    assertRefused(RefusalCode.REFUSAL_CODE_IDLE, client);
  }

  @Test
  void theClientRefusesAHubWithAnotherCertificate() throws Exception {
    HubCertificate other = HubCertificate.generate(fixture.clock, fixture.random);
    HubAddress expected =
        new HubAddress(
            hub.address().getAddress().getHostAddress(),
            hub.address().getPort(),
            other.fingerprint());
    HubClient client = fixture.client(expected, who);
    HubException refused =
        assertThrows(HubException.class, () -> client.awaitOnline(Fixture.PATIENCE));
    assertEquals(HubException.Reason.NOT_THE_HUB, refused.reason());
    assertTrue(
        String.valueOf(refused.getMessage()).contains("is not the hub that is wanted"),
        refused::getMessage);
    assertInstanceOf(HubState.Ended.class, client.state());
  }

  @Test
  void theClientEndsWhenTheHubDoesNotAcceptItsProof() throws Exception {
    Instant longAgo = Instant.now().minus(Duration.ofDays(30));
    HubClient client =
        fixture.closing(
            HubClient.start(
                Fixture.addressOf(hub), who, Fixture.TIMING, () -> longAgo, fixture.random));
    HubException refused =
        assertThrows(HubException.class, () -> client.awaitOnline(Fixture.PATIENCE));
    assertEquals(HubException.Reason.BAD_LOGIN, refused.reason());
    assertTrue(String.valueOf(refused.getMessage()).contains("expired"), refused::getMessage);
  }
}
