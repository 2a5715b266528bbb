package dev.godwit.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import dev.godwit.hub.Hub;
import dev.godwit.hub.HubConfig;
import dev.godwit.hub.HubLimits;
import dev.godwit.identity.Identity;
import dev.godwit.identity.Octets;
import dev.godwit.membership.Membership;
import dev.godwit.membership.MeshKey;
import dev.godwit.membership.Revocations;
import dev.godwit.seal.InstanceId;
import dev.godwit.seal.SealingKey;
import dev.godwit.session.MeshAdmission;
import dev.godwit.signaling.Credentials;
import dev.godwit.signaling.HubAddress;
import dev.godwit.signaling.HubClient;
import dev.godwit.signaling.PresentInstance;
import dev.godwit.signaling.Signaling;
import dev.godwit.signaling.proto.IntroduceReply;
import dev.godwit.signaling.proto.OfferedResource;
import dev.godwit.signaling.proto.Signal;
import dev.godwit.testing.Patience;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class PeerDirectoryTest {
  private static final Duration PATIENCE = Patience.seconds(20);

  /** By then the hub expects nobody back. */
  private static final Duration LATER = Duration.ofSeconds(11);

  /** As many as the hub takes messages of a node at once. */
  private static final int CROWD = 200;

  private static final int FEW = 20;

  @TempDir private Path folder;

  private final SecureRandom random = new SecureRandom();
  private final InstantSource clock = InstantSource.system();
  private final MeshKey mesh = MeshKey.generate(random);
  private final Identity aliceKey = Identity.generate(random);
  private final Identity bobKey = Identity.generate(random);
  private final Membership aliceIs = member(aliceKey, "alice");
  private final Membership bobIs = member(bobKey, "bob");
  private final AtomicReference<Duration> ahead = new AtomicReference<>(Duration.ZERO);
  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final List<Duration> pauses = new ArrayList<>();
  private Meanwhile meanwhile = time -> {};
  private long steady = Long.MAX_VALUE - 5;
  private Hub hub;
  private HubClient bob;
  private RollCall roll;
  private PeerDirectory directory;
  private KnownMembers known;

  private Membership member(Identity who, String name) {
    return Membership.issue(mesh, who.id(), name, List.of(), clock, Duration.ofHours(1), random);
  }

  @BeforeEach
  void start() throws Exception {
    known = new KnownMembers(new NodeHome(folder, random));
    hub =
        closing(
            Hub.start(
                HubConfig.inMemory(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                        () -> Instant.now().plus(ahead.get()),
                        random)
                    .withLimits(HubLimits.defaults().withLoginsPerMinutePerAddress(10_000))));
    bob = login(direct(), bobKey);
    MeshAdmission admission =
        new MeshAdmission(bobIs, Revocations.none(mesh.id()), newer -> {}, clock, "test");
    Signaling signaling =
        closing(new Signaling(bob, (from, instance, request) -> Optional.empty(), clock, random));
    PeerDirectory.Pause pause =
        time -> {
          pauses.add(time);
          steady += time.toNanos();
          happening(time);
        };
    roll = new RollCall(bobIs, admission, signaling, known, pause, clock, random);
    directory =
        new PeerDirectory(
            new MeshInfo(mesh.id(), "test", List.of(direct().hostAndPort()), hub.fingerprint()),
            admission,
            bob,
            roll,
            () -> steady,
            pause);
    ahead.set(LATER);
  }

  private void happening(Duration time) {
    try {
      meanwhile.happens(time);
    } catch (Exception e) {
      throw new IllegalStateException("what should happen meanwhile failed", e);
    }
  }

  @AfterEach
  void end() throws Exception {
    while (!open.isEmpty()) {
      open.pop().close();
    }
  }

  private <T extends AutoCloseable> T closing(T resource) {
    open.push(resource);
    return resource;
  }

  private HubClient login(HubAddress at, Identity who) throws Exception {
    HubClient client =
        closing(
            HubClient.start(
                at,
                new Credentials(
                    who, mesh.id(), InstanceId.random(random), SealingKey.generate(random)),
                clock,
                random));
    client.awaitOnline(PATIENCE);
    return client;
  }

  /** A process of alice that offers something. */
  private HubClient alice(HubAddress at, String... resources) throws Exception {
    OwnIntroduction introduction =
        new OwnIntroduction(
            aliceIs,
            Octets.of(new byte[0]),
            () ->
                Stream.of(resources)
                    .map(name -> OfferedResource.newBuilder().setName(name).build())
                    .toList());
    HubClient client = login(at, aliceKey);
    Signaling _ =
        closing(
            new Signaling(
                client,
                (from, instance, request) ->
                    Optional.of(introduction.after(request.getIntroduceRequest().getAfter())),
                clock,
                random));
    return client;
  }

  /** Counts what it is asked, and never answers. */
  private void silent(AtomicInteger asked) throws Exception {
    login(direct(), Identity.generate(random)).onDelivery(_ -> asked.incrementAndGet());
  }

  private static List<String> names(List<PeerView> found) {
    return found.stream().map(PeerView::name).toList();
  }

  /** The others. */
  private List<PresentInstance> listed() throws Exception {
    return bob.whoIsThere().get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS).stream()
        .filter(one -> !one.node().equals(bobKey.id()))
        .toList();
  }

  private HubAddress direct() {
    return new HubAddress("127.0.0.1", hub.address().getPort(), hub.fingerprint());
  }

  private HubAddress behind(Cable cable) {
    return new HubAddress("127.0.0.1", cable.port(), hub.fingerprint());
  }

  private Cable cable() throws IOException {
    return closing(new Cable(hub.address()));
  }

  /** The hub has noticed by then. */
  private void untilListed(int processes) throws Exception {
    while (bob.whoIsThere().get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS).size() != processes) {
      LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
    }
  }

  /** Whoever is behind the cable can log in again as soon as a pause is made, and does. */
  private void mendsInThePause(Cable cable, HubClient client, int listed) {
    meanwhile =
        time -> {
          cable.mend();
          client.reconnectNow();
          untilListed(listed);
        };
  }

  private static List<InstanceId> processes(List<PeerView> found) {
    return found.stream().map(one -> one.process().instance()).toList();
  }

  @Test
  void aNodeThatHasLostTheHubAndComesBackIsFound() throws Exception {
    Cable cable = cable();
    HubClient alice = alice(behind(cable));
    cable.cut();
    untilListed(1);
    mendsInThePause(cable, alice, 2);
    assertEquals(List.of(alice.credentials().instance()), processes(directory.find("alice")));
    assertEquals(1, pauses.size());
  }

  @Test
  void aNodeThatHasLostTheHubAndComesBackIsFoundByItsId() throws Exception {
    Cable cable = cable();
    HubClient alice = alice(behind(cable));
    cable.cut();
    untilListed(1);
    mendsInThePause(cable, alice, 2);
    assertEquals(1, directory.find(aliceKey.id().toString()).size());
  }

  @Test
  void aResourceIsLookedForAgainWhenAnotherProcessOfItsNodeIsThere() throws Exception {
    Cable cable = cable();
    HubClient _ = alice(direct(), "other");
    HubClient alice = alice(behind(cable), "disk");
    cable.cut();
    untilListed(2);
    mendsInThePause(cable, alice, 3);
    assertEquals(
        alice.credentials().instance(),
        directory.locate(ResourceName.parse("alice/disk")).process().instance());
    assertEquals(1, pauses.size());
  }

  @Test
  void aNodeThatDoesNotComeBackIsGivenUp() throws Exception {
    Cable cable = cable();
    HubClient _ = alice(behind(cable));
    cable.cut();
    untilListed(1);
    assertAbsent("alice");
    assertEquals(PeerDirectory.LOOKING, pauses.stream().reduce(Duration.ZERO, Duration::plus));
  }

  @Test
  void aNodeThatSaidGoodbyeIsNotWaitedFor() throws Exception {
    alice(direct()).close();
    untilListed(1);
    assertAbsent("alice");
    assertEquals(List.of(), pauses);
  }

  @Test
  void aNameThatNobodyHasIsRefusedAtOnce() throws Exception {
    HubClient _ = alice(direct());
    assertAbsent("alise");
    assertEquals(List.of(), pauses);
  }

  @Test
  void aResourceThatNobodyOffersIsRefusedAtOnce() throws Exception {
    HubClient _ = alice(direct(), "disk");
    NodeException refused =
        assertThrows(NodeException.class, () -> directory.locate(ResourceName.parse("alice/disc")));
    assertEquals(NodeException.Kind.FAILED, refused.kind());
    assertEquals(List.of(), pauses);
  }

  /** Asked after them, it would be refused by the hub, or heard when all have been waited for. */
  @Test
  void aMemberThatIsKnownIsFoundWhateverStrangersAreListed() throws Exception {
    known.proved(aliceKey.id());
    AtomicInteger asked = new AtomicInteger();
    for (int i = 0; i < CROWD; i++) {
      silent(asked);
    }
    HubClient _ = alice(direct(), "disk");
    untilListed(CROWD + 2);
    List<PresentInstance> there = listed();
    assertEquals(
        List.of(aliceKey.id()),
        roll.line(there).known().stream().map(PresentInstance::node).toList());
    RollCall.Outcome outcome = roll.everybody(there, RollCall.Haste.BRIEF);
    assertTrue(names(outcome.members()).contains("alice"), outcome::toString);
    assertTrue(outcome.cutShort() > CROWD / 2, "strangers were waited for to the end");
    Duration paused = pauses.stream().reduce(Duration.ZERO, Duration::plus);
    assertTrue(paused.compareTo(Duration.ofSeconds(1)) <= 0, paused::toString);
  }

  @Test
  void whereNobodyIsKnownAMemberIsFoundAmongStrangers() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    HubClient _ = alice(direct());
    for (int i = 0; i < FEW; i++) {
      silent(asked);
    }
    untilListed(FEW + 2);
    assertEquals(List.of("alice"), names(directory.peers()));
    assertTrue(known.nodes().contains(aliceKey.id()));
    assertTrue(new KnownMembers(new NodeHome(folder, random)).nodes().contains(aliceKey.id()));
  }

  /** Others have answered long before, so that it is not waited for at first. */
  @Test
  void aSlowMemberThatIsNotKnownIsFoundByItsName() throws Exception {
    known.proved(aliceKey.id());
    HubClient _ = alice(direct());
    Identity carolKey = Identity.generate(random);
    Signal introduction =
        Signal.newBuilder()
            .setIntroduceReply(
                IntroduceReply.newBuilder()
                    .setMembership(ByteString.copyFrom(member(carolKey, "carol").encoded())))
            .build();
    CountDownLatch second = new CountDownLatch(2);
    Signaling _ =
        closing(
            new Signaling(
                login(direct(), carolKey),
                (from, instance, request) -> {
                  second.countDown();
                  return reached(second) ? Optional.of(introduction) : Optional.empty();
                },
                clock,
                random));
    untilListed(3);
    assertEquals(List.of("carol"), names(directory.find("carol")));
  }

  private static boolean reached(CountDownLatch latch) {
    try {
      return latch.await(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  @Test
  void aNodeThatOffersThousandsOfResourcesShowsAll() throws Exception {
    List<String> resources =
        IntStream.range(0, 5000).mapToObj("a-resource-with-a-name-%05d"::formatted).toList();
    List<String> shuffled = new ArrayList<>(resources);
    Collections.shuffle(shuffled, random);
    HubClient _ = alice(direct(), shuffled.toArray(String[]::new));
    untilListed(2);
    PeerView alice = directory.locate(aliceKey.id(), "a-resource-with-a-name-04999");
    assertEquals(resources, alice.resources().stream().map(OfferedResource::getName).toList());
  }

  @Test
  void aKeyThatTheHubHasInventedIsNotAsked() throws Exception {
    HubClient _ = alice(direct());
    AtomicInteger asked = new AtomicInteger();
    silent(asked);
    untilListed(3);
    PresentInstance stranger =
        listed().stream()
            .filter(one -> !Set.of(aliceKey.id(), bobKey.id()).contains(one.node()))
            .findFirst()
            .orElseThrow();
    PresentInstance forged =
        new PresentInstance(
            aliceKey.id(), stranger.instance(), stranger.certificate(), stranger.since());
    assertEquals(List.of(), roll.atOnce(List.of(forged)));
    RollCall.Outcome outcome = roll.everybody(List.of(forged), RollCall.Haste.NONE);
    assertEquals(0, outcome.missing());
    assertEquals(0, asked.get());
  }

  private void assertAbsent(String name) {
    NodeException absent = assertThrows(NodeException.class, () -> directory.find(name));
    assertEquals(NodeException.Kind.UNREACHABLE, absent.kind());
    assertTrue(String.valueOf(absent.getMessage()).contains("is there right now"));
  }

  /** What may go wrong while time passes. */
  @FunctionalInterface
  private interface Meanwhile {
    void happens(Duration time) throws Exception;
  }

  /** Leads to the hub until it is cut. */
  private static final class Cable implements AutoCloseable {
    private final InetSocketAddress hub;
    private final ServerSocket server;
    private final Set<Socket> ends = ConcurrentHashMap.newKeySet();
    private final Thread accepting;
    private volatile boolean whole = true;

    Cable(InetSocketAddress hub) throws IOException {
      this.hub = hub;
      this.server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
      this.accepting = Thread.ofVirtual().name("cable").start(this::accept);
    }

    int port() {
      return server.getLocalPort();
    }

    /** Nothing passes any more. */
    void cut() throws IOException {
      whole = false;
      for (Socket end : ends) {
        end.close();
      }
    }

    /** New connections lead to the hub again. */
    void mend() {
      whole = true;
    }

    private void accept() {
      try {
        while (!server.isClosed()) {
          Socket here = server.accept();
          Socket there = new Socket(hub.getAddress(), hub.getPort());
          ends.add(here);
          ends.add(there);
          if (whole) {
            Thread.ofVirtual().start(() -> pass(here, there));
            Thread.ofVirtual().start(() -> pass(there, here));
          } else {
            here.close();
            there.close();
          }
        }
      } catch (IOException e) {
        assertTrue(server.isClosed(), e::toString);
      }
    }

    private void pass(Socket from, Socket to) {
      try (from;
          to) {
        long _ = from.getInputStream().transferTo(to.getOutputStream());
      } catch (IOException e) {
        assertTrue(from.isClosed() || to.isClosed(), e::toString);
      }
    }

    @Override
    public void close() throws Exception {
      cut();
      server.close();
      accepting.join();
    }
  }
}
