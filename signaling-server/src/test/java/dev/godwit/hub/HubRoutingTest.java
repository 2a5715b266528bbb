package dev.godwit.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.protobuf.ByteString;
import dev.godwit.identity.Identity;
import dev.godwit.identity.NodeId;
import dev.godwit.identity.Octets;
import dev.godwit.membership.MeshKey;
import dev.godwit.membership.Revocations;
import dev.godwit.seal.InstanceId;
import dev.godwit.signaling.Credentials;
import dev.godwit.signaling.HubClient;
import dev.godwit.signaling.HubException;
import dev.godwit.signaling.HubState;
import dev.godwit.signaling.PresenceEvent;
import dev.godwit.signaling.PresentInstance;
import dev.godwit.signaling.SealedDelivery;
import dev.godwit.signaling.proto.Failure;
import dev.godwit.signaling.proto.FetchRevocations;
import dev.godwit.signaling.proto.PublishRevocations;
import dev.godwit.signaling.proto.RefusalCode;
import dev.godwit.signaling.proto.RevocationsPage;
import dev.godwit.signaling.proto.ToHub;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HubRoutingTest {

  private static final byte[] BOX = {1, 2, 3};

  private final Fixture fixture = new Fixture();
  private Hub hub;

  @BeforeEach
  void start() throws Exception {
    hub = fixture.hub();
  }

  @AfterEach
  void close() throws Exception {
    fixture.close();
  }

  private static BlockingQueue<SealedDelivery> deliveries(HubClient client) {
    BlockingQueue<SealedDelivery> queue = new LinkedBlockingQueue<>();
    client.onDelivery(queue::add);
    return queue;
  }

  private static <T> T next(BlockingQueue<T> queue) throws InterruptedException {
    T item = queue.poll(Fixture.PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    assertNotNull(item, "nothing arrives");
    return item;
  }

  @Test
  void aBoxReachesAllInstancesOfANode() throws Exception {
    Identity receiver = fixture.identity();
    BlockingQueue<SealedDelivery> first = deliveries(fixture.client(hub, receiver));
    BlockingQueue<SealedDelivery> second = deliveries(fixture.client(hub, receiver));
    HubClient sender = fixture.client(hub);
    assertEquals(2, Fixture.get(sender.route(receiver.id(), Optional.empty(), BOX)));
    SealedDelivery expected =
        new SealedDelivery(
            sender.credentials().node(), sender.credentials().instance(), Octets.of(BOX));
    assertEquals(expected, next(first));
    assertEquals(expected, next(second));
  }

  @Test
  void aBoxCanBeForOneInstance() throws Exception {
    Identity receiver = fixture.identity();
    fixture.client(hub, receiver);
    HubClient meant = fixture.client(hub, receiver);
    BlockingQueue<SealedDelivery> received = deliveries(meant);
    HubClient sender = fixture.client(hub);
    assertEquals(
        1,
        Fixture.get(sender.route(receiver.id(), Optional.of(meant.credentials().instance()), BOX)));
    next(received);
    assertEquals(
        0,
        Fixture.get(
            sender.route(receiver.id(), Optional.of(InstanceId.random(fixture.random)), BOX)));
  }

  @Test
  void aBoxForNobodyIsReported() throws Exception {
    assertEquals(
        0, Fixture.get(fixture.client(hub).route(fixture.identity().id(), Optional.empty(), BOX)));
  }

  @Test
  void aBoxThatIsTooLargeIsReported() throws Exception {
    HubClient sender = fixture.client(hub);
    var refused =
        assertThrows(
            ExecutionException.class,
            () ->
                Fixture.get(
                    sender.route(
                        sender.credentials().node(), Optional.empty(), new byte[65 * 1024])));
    assertEquals(
        HubException.Reason.TOO_LARGE,
        assertInstanceOf(HubException.class, refused.getCause()).reason());
    assertEquals(1, Fixture.get(sender.route(sender.credentials().node(), Optional.empty(), BOX)));
  }

  @Test
  void lookupFindsNodesOfEveryMesh() throws Exception {
    MeshKey elsewhere = MeshKey.generate(fixture.random);
    Credentials plain = fixture.credentials(fixture.identity());
    Credentials foreign =
        new Credentials(plain.identity(), elsewhere.id(), plain.instance(), plain.sealingKey());
    fixture.client(Fixture.addressOf(hub), foreign).awaitOnline(Fixture.PATIENCE);
    HubClient asking = fixture.client(hub);
    List<PresentInstance> found =
        Fixture.get(asking.lookup(foreign.node(), fixture.identity().id()));
    assertEquals(
        List.of(foreign.instance()), found.stream().map(PresentInstance::instance).toList());
  }

  @Test
  void everybodyOfTheMeshIsListedAndNobodyElse() throws Exception {
    MeshKey elsewhere = MeshKey.generate(fixture.random);
    Credentials plain = fixture.credentials(fixture.identity());
    fixture
        .client(
            Fixture.addressOf(hub),
            new Credentials(plain.identity(), elsewhere.id(), plain.instance(), plain.sealingKey()))
        .awaitOnline(Fixture.PATIENCE);
    HubClient one = fixture.client(hub);
    HubClient other = fixture.client(hub);
    Set<NodeId> listed =
        Fixture.get(one.whoIsThere()).stream()
            .map(PresentInstance::node)
            .collect(Collectors.toSet());
    assertEquals(Set.of(one.credentials().node(), other.credentials().node()), listed);
  }

  @Test
  void aLongListArrivesWhole() throws Exception {
    hub = fixture.hub(fixture.config().withLimits(HubLimits.defaults().withInstances(1000, 1000)));
    Identity many = fixture.identity();
    for (int i = 0; i < 130; i++) {
      RawClient raw = fixture.closing(new RawClient(Fixture.addressOf(hub)));
      raw.login(Fixture.addressOf(hub), fixture.credentials(many));
    }
    assertEquals(130, Fixture.get(fixture.client(hub).lookup(many.id())).size());
  }

  @Test
  void joinsAndDeparturesArePushed() throws Exception {
    HubClient watcher = fixture.client(hub);
    BlockingQueue<PresenceEvent> events = new LinkedBlockingQueue<>();
    watcher.onPresence(events::add);
    HubClient comer = fixture.client(hub);
    if (next(events) instanceof PresenceEvent.Joined(PresentInstance joined)) {
      assertEquals(comer.credentials().node(), joined.node());
      assertEquals(comer.credentials().instance(), joined.instance());
    } else {
      throw new AssertionError("not a join");
    }
    comer.close();
    assertEquals(
        new PresenceEvent.Left(comer.credentials().node(), comer.credentials().instance()),
        next(events));
  }

  @Test
  void revocationsReachTheOthersAndALaterLogin() throws Exception {
    Revocations list =
        Revocations.none(fixture.mesh.id())
            .revoke(fixture.mesh, fixture.identity().id(), Instant.now());
    HubClient other = fixture.client(hub);
    BlockingQueue<Revocations> heard = new LinkedBlockingQueue<>();
    other.onRevocations(heard::add);
    HubClient publisher = fixture.client(hub);
    assertEquals(1L, Fixture.get(publisher.publish(list)));
    assertEquals(1L, next(heard).version());
    RawClient later = fixture.closing(new RawClient(Fixture.addressOf(hub)));
    later.login(Fixture.addressOf(hub), fixture.credentials(fixture.identity()));
    later.send(
        ToHub.newBuilder()
            .setFetchRevocations(FetchRevocations.newBuilder().setSequence(3))
            .build());
    RevocationsPage page = later.next().getRevocationsPage();
    assertEquals(3, page.getSequence());
    assertEquals(1, page.getVersion());
    assertEquals(ByteString.copyFrom(list.encoded()), page.getPage());
  }

  @Test
  void olderRevocationsDoNotReplaceNewerOnes() throws Exception {
    Revocations first =
        Revocations.none(fixture.mesh.id())
            .revoke(fixture.mesh, fixture.identity().id(), Instant.now());
    Revocations second = first.revoke(fixture.mesh, fixture.identity().id(), Instant.now());
    HubClient publisher = fixture.client(hub);
    assertEquals(2L, Fixture.get(publisher.publish(second)));
    assertEquals(2L, Fixture.get(publisher.publish(first)));
    assertEquals(2L, publisher.revocations().version());
  }

  @Test
  void revocationsOfAnotherMeshAreRefused() throws Exception {
    MeshKey elsewhere = MeshKey.generate(fixture.random);
    Revocations foreign =
        Revocations.none(elsewhere.id()).revoke(elsewhere, fixture.identity().id(), Instant.now());
    assertPublishRefused(foreign.encoded());
  }

  @Test
  void forgedRevocationsAreRefused() throws Exception {
    byte[] forged =
        Revocations.none(fixture.mesh.id())
            .revoke(fixture.mesh, fixture.identity().id(), Instant.now())
            .encoded();
    forged[forged.length - 1] ^= 1;
    assertPublishRefused(forged);
  }

  private void assertPublishRefused(byte[] list) throws Exception {
    RawClient raw = fixture.closing(new RawClient(Fixture.addressOf(hub)));
    raw.login(Fixture.addressOf(hub), fixture.credentials(fixture.identity()));
    raw.send(
        ToHub.newBuilder()
            .setPublishRevocations(
                PublishRevocations.newBuilder()
                    .setSequence(7)
                    .setVersion(1)
                    .setTotal(list.length)
                    .setPage(ByteString.copyFrom(list)))
            .build());
    Failure failure = raw.next().getFailure();
    assertEquals(RefusalCode.REFUSAL_CODE_BAD_REVOCATIONS, failure.getCode());
    assertEquals(7, failure.getSequence());
  }

  @Test
  void afterARestartOfTheHubEverybodyComesBackAndRevocationsToo() throws Exception {
    HubClient one = fixture.client(hub);
    HubClient other = fixture.client(hub);
    BlockingQueue<HubState> states = new LinkedBlockingQueue<>();
    one.onState(states::add);
    BlockingQueue<HubState> otherStates = new LinkedBlockingQueue<>();
    other.onState(otherStates::add);
    Revocations list =
        Revocations.none(fixture.mesh.id())
            .revoke(fixture.mesh, fixture.identity().id(), Instant.now());
    Fixture.get(one.publish(list));
    int port = hub.address().getPort();
    hub.close();
    Fixture.awaitOffline(states);
    Fixture.awaitOffline(otherStates);
    hub = fixture.hub(fixture.config().withListen(Fixture.loopback(port)));
    Fixture.awaitOnline(states);
    Fixture.awaitOnline(otherStates);
    BlockingQueue<SealedDelivery> received = deliveries(other);
    assertEquals(1, Fixture.get(one.route(other.credentials().node(), Optional.empty(), BOX)));
    next(received);
    HubClient late = fixture.client(hub);
    BlockingQueue<Revocations> heard = new LinkedBlockingQueue<>();
    late.onRevocations(heard::add);
    if (late.revocations().version() == 0) {
      assertEquals(1L, next(heard).version());
    }
  }

  @Test
  void whatIsAskedWhileTheHubIsAwayFailsAtOnceWithTheReason() throws Exception {
    HubClient client = fixture.client(hub);
    BlockingQueue<HubState> states = new LinkedBlockingQueue<>();
    client.onState(states::add);
    hub.close();
    Fixture.awaitOffline(states);
    var failed = assertThrows(ExecutionException.class, () -> Fixture.get(client.whoIsThere()));
    assertEquals(
        HubException.Reason.OFFLINE,
        assertInstanceOf(HubException.class, failed.getCause()).reason());
  }
}
