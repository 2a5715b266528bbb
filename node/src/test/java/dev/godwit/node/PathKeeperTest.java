package dev.godwit.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.identity.NodeId;
import dev.godwit.path.PathPolicy;
import dev.godwit.path.Way;
import dev.godwit.seal.InstanceId;
import dev.godwit.seal.SealingKey;
import dev.godwit.session.Greeting;
import dev.godwit.session.RemoteException;
import dev.godwit.session.RequestProtocol;
import dev.godwit.session.Session;
import dev.godwit.session.SessionId;
import dev.godwit.session.SessionState;
import dev.godwit.session.SessionTiming;
import dev.godwit.session.TestMesh;
import dev.godwit.signaling.PresentInstance;
import dev.godwit.stream.ByteStream;
import dev.godwit.stream.Connection;
import dev.godwit.stream.MemoryTransport;
import dev.godwit.stream.Path;
import dev.godwit.stream.StreamHandler;
import dev.godwit.testing.Patience;
import dev.godwit.wire.Compression;
import dev.godwit.wire.proto.Failure;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A keeper whose paths lead through memory, and look like any others. */
@Timeout(90)
class PathKeeperTest {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Duration LIMIT = Patience.seconds(10);
  private static final byte ASK = 1;

  private final MemoryTransport.Network network = new MemoryTransport.Network();
  private final TestMesh mesh = new TestMesh();
  private final TestMesh.Member alice = mesh.member("alice");
  private final TestMesh.Member bob = mesh.member("bob");
  private final MemoryTransport answering = new MemoryTransport(alice.id(), network);
  private final MemoryTransport asking = new MemoryTransport(bob.id(), network);
  private final Paths paths = new Paths();
  private final PresentInstance process =
      new PresentInstance(
          alice.id(),
          InstanceId.random(RANDOM),
          SealingKey.generate(RANDOM)
              .certificate(
                  alice.identity(),
                  InstanceId.random(RANDOM),
                  Instant.now().plus(Duration.ofHours(1))),
          Instant.now());
  private @Nullable PathKeeper keeper;
  private @Nullable Session session;

  /** A memory connection that says it is something else. */
  private static final class Disguised implements Connection {
    private final Connection inner;
    private final Path path;
    private volatile Duration silence = Duration.ZERO;

    Disguised(Connection inner, Path path) {
      this.inner = inner;
      this.path = path;
    }

    @Override
    public NodeId peer() {
      return inner.peer();
    }

    @Override
    public Path path() {
      return path;
    }

    @Override
    public Duration roundTrip() {
      return inner.roundTrip();
    }

    @Override
    public Duration silence() {
      return silence;
    }

    @Override
    public ByteStream open(Urgency urgency) throws IOException {
      return inner.open(urgency);
    }

    @Override
    public void serve(StreamHandler handler) {
      inner.serve(handler);
    }

    @Override
    public CompletableFuture<String> closed() {
      return inner.closed();
    }

    @Override
    public void close(String reason) {
      inner.close(reason);
    }
  }

  /** What happens in a race. */
  @FunctionalInterface
  private interface Plan {
    void begin(PathRace race);
  }

  /** What leads to alice: the next plan, or nothing when there is none. */
  private final class Paths implements PathSource {
    private final Queue<Plan> plans = new ConcurrentLinkedQueue<>();
    private final AtomicInteger races = new AtomicInteger();
    private final BlockingQueue<List<String>> dialled = new LinkedBlockingQueue<>();
    private final BlockingQueue<Disguised> made = new LinkedBlockingQueue<>();
    private final CountDownLatch doubted = new CountDownLatch(1);
    private final CountDownLatch forgotten = new CountDownLatch(1);
    private volatile List<String> neighbours = List.of();
    private volatile @Nullable IOException nowhere;

    /** A greeted connection. */
    Disguised connection(Path.Kind kind, String transport) throws IOException {
      Connection connection = asking.dial(alice.id(), List.of("memory"), LIMIT);
      new Greeting(bob.admission(), Map.of(), LIMIT).greet(connection);
      Disguised disguised =
          new Disguised(connection, new Path(kind, transport, transport + ":address"));
      made.add(disguised);
      return disguised;
    }

    Disguised direct(Way way) throws IOException {
      return connection(Path.Kind.DIRECT, way.word());
    }

    Disguised relay() throws IOException {
      return connection(Path.Kind.RELAY, "relay");
    }

    @Override
    public PresentInstance locate(NodeId peer, String resource) throws IOException {
      IOException failure = nowhere;
      if (failure != null) {
        throw failure;
      }
      return process;
    }

    @Override
    public void begin(PathRace race, PresentInstance where, String resource, PathPolicy allowed) {
      races.getAndIncrement();
      Plan plan = plans.poll();
      if (plan == null) {
        race.run(
            Way.QUIC,
            () -> {
              throw new IOException("nobody answers");
            });
      } else {
        plan.begin(race);
      }
    }

    @Override
    public List<String> neighbours() {
      return neighbours;
    }

    @Override
    public Connection connect(NodeId peer, List<String> addresses, Duration patience)
        throws IOException {
      dialled.add(addresses);
      return direct(Way.QUIC);
    }

    @Override
    public void doubt() {
      doubted.countDown();
    }

    @Override
    public void forget(PathKeeper who) {
      forgotten.countDown();
    }
  }

  @AfterEach
  void close() {
    if (session != null) {
      session.close();
    }
    if (keeper != null) {
      keeper.close();
    }
    asking.close();
    answering.close();
  }

  private static void until(Callable<Boolean> condition) throws Exception {
    while (!condition.call()) {
      LockSupport.parkNanos(5_000_000);
    }
  }

  private PathKeeper begin(PathPolicy policy) {
    Greeting greeting =
        new Greeting(
            alice.admission(),
            Map.of(
                Pinging.PROTOCOL,
                new RequestProtocol((peer, open) -> Pinging::answer, Compression.NONE)),
            LIMIT);
    answering.listen(
        connection -> {
          var _ = greeting.welcome(connection);
        });
    PathKeeper made =
        new PathKeeper(paths, alice.id(), Optional.of(process), "", policy, InstantSource.system());
    keeper = made;
    Session kept =
        new Session(
            SessionId.random(RANDOM),
            Pinging.PROTOCOL,
            "",
            made,
            new SessionTiming(
                Duration.ofSeconds(30),
                Duration.ofSeconds(30),
                Duration.ofMillis(10),
                Duration.ofMillis(100)),
            Compression.NONE);
    session = kept;
    made.keep(kept);
    return made;
  }

  private Session session() {
    assertNotNull(session);
    return session;
  }

  /** A keeper whose session is connected by the plans. */
  private PathKeeper connected(Plan... plans) throws Exception {
    paths.plans.addAll(List.of(plans));
    PathKeeper made = begin(PathPolicy.ANY);
    session().start();
    assertAnswers();
    return made;
  }

  private Plan relayed() {
    return race -> race.run(Way.RELAY, paths::relay);
  }

  private Plan over(Way way) {
    return race -> race.run(way, () -> paths.direct(way));
  }

  private void assertAnswers() throws IOException {
    var _ = session().call(ASK, null, Duration.ofSeconds(20));
  }

  private static String transport(PathKeeper keeper) {
    PathView view = keeper.view();
    return view == null ? "" : view.path().transport();
  }

  private void awaitTransport(PathKeeper of, String wanted) throws Exception {
    until(() -> transport(of).equals(wanted));
    assertAnswers();
  }

  private Disguised made() throws InterruptedException {
    Disguised connection = paths.made.poll(Patience.seconds(30).toSeconds(), TimeUnit.SECONDS);
    assertNotNull(connection, "no connection was made");
    return connection;
  }

  private static void assertCloses(Connection connection) throws Exception {
    assertNotNull(connection.closed().get(Patience.seconds(30).toSeconds(), TimeUnit.SECONDS));
  }

  @Test
  void theFirstPathIsShownWithItsReason() throws Exception {
    PathKeeper kept = connected(over(Way.QUIC));
    PathView view = kept.view();
    assertNotNull(view);
    assertEquals("quic", view.path().transport());
    assertEquals("the peer's own address answers", view.why());
    assertNull(view.nextAttempt(), "there is nothing better");
  }

  @Test
  void aRelayIsExplained() throws Exception {
    CountDownLatch failed = new CountDownLatch(1);
    PathKeeper kept =
        connected(
            race -> {
              race.run(
                  Way.QUIC,
                  () -> {
                    failed.countDown();
                    throw new IOException("UDP is filtered");
                  });
              race.run(
                  Way.RELAY,
                  () -> {
                    Disguised relay = paths.relay();
                    until(failed);
                    return relay;
                  });
            });
    PathView view = kept.view();
    assertNotNull(view);
    assertTrue(view.why().startsWith("no straight way was found yet"), view.why());
    assertNotNull(view.nextAttempt());
  }

  private static void until(CountDownLatch latch) throws IOException {
    try {
      if (!latch.await(Patience.seconds(30).toSeconds(), TimeUnit.SECONDS)) {
        throw new IOException("it does not happen");
      }
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  @Test
  void aBetterPathOfTheSameRaceTakesOver() throws Exception {
    CountDownLatch go = new CountDownLatch(1);
    PathKeeper kept =
        connected(
            race -> {
              race.run(Way.RELAY, paths::relay);
              race.run(
                  Way.QUIC,
                  () -> {
                    until(go);
                    return paths.direct(Way.QUIC);
                  });
            });
    assertEquals("relay", transport(kept));
    Disguised relay = made();
    go.countDown();
    awaitTransport(kept, "quic");
    assertCloses(relay);
    assertEquals(1, paths.races.get());
  }

  @Test
  void aBetterPathIsLookedForAndTaken() throws Exception {
    PathKeeper kept = connected(relayed(), over(Way.TLS), over(Way.QUIC));
    Disguised relay = made();
    awaitTransport(kept, "tls");
    assertCloses(relay);
    Disguised tls = made();
    awaitTransport(kept, "quic");
    assertCloses(tls);
    PathView view = kept.view();
    assertNotNull(view);
    assertNull(view.nextAttempt());
  }

  @Test
  void aPathThatIsNoBetterIsNotTaken() throws Exception {
    PathKeeper kept = connected(over(Way.TLS), over(Way.WEBRTC), relayed());
    Disguised tls = made();
    until(() -> paths.races.get() >= 3);
    assertEquals("tls", transport(kept));
    assertTrue(tls.isOpen());
    assertAnswers();
  }

  @Test
  void aChangeOfTheNetworkIsTriedAtOnce() throws Exception {
    PathKeeper kept = connected(relayed());
    // Two failures, and the next attempt would be some seconds away.
    until(() -> paths.races.get() >= 3);
    paths.plans.add(over(Way.QUIC));
    kept.shaken();
    awaitTransport(kept, "quic");
    assertEquals(4, paths.races.get());
  }

  @Test
  void aSilentPathIsReplacedByWhateverThereIs() throws Exception {
    PathKeeper kept = connected(over(Way.QUIC), relayed());
    Disguised silent = made();
    silent.silence = Duration.ofSeconds(10);
    awaitTransport(kept, "relay");
    assertTrue(paths.doubted.await(Patience.seconds(30).toSeconds(), TimeUnit.SECONDS));
    assertCloses(silent);
  }

  @Test
  void aSilentPathThatSpeaksAgainIsKept() throws Exception {
    PathKeeper kept = connected(over(Way.QUIC));
    Disguised silent = made();
    CountDownLatch go = new CountDownLatch(1);
    paths.plans.add(
        race ->
            race.run(
                Way.RELAY,
                () -> {
                  until(go);
                  return paths.relay();
                }));
    silent.silence = Duration.ofSeconds(10);
    until(() -> paths.races.get() == 2);
    silent.silence = Duration.ZERO;
    go.countDown();
    assertCloses(made());
    assertTrue(silent.isOpen());
    assertEquals("quic", transport(kept));
    assertAnswers();
  }

  @Test
  void aPathThatDiesIsReplaced() throws Exception {
    PathKeeper kept = connected(over(Way.QUIC), over(Way.TLS));
    made().close("the cable was pulled");
    awaitTransport(kept, "tls");
    assertEquals(SessionState.Connected.class, session().state().getClass());
  }

  @Test
  void withoutAHubTheLastAddressIsTried() throws Exception {
    PathKeeper kept = connected(over(Way.QUIC));
    paths.nowhere = new IOException("the hub is away");
    paths.neighbours = List.of("192.0.2.77:7");
    made().close("the cable was pulled");
    assertEquals(
        List.of("quic:address", "192.0.2.77:7"),
        paths.dialled.poll(Patience.seconds(30).toSeconds(), TimeUnit.SECONDS));
    awaitTransport(kept, "quic");
  }

  @Test
  void aRefusalEndsTheSession() throws Exception {
    connected(
        over(Way.QUIC),
        race ->
            race.run(
                Way.QUIC,
                () -> {
                  throw new RemoteException(Failure.Code.NOT_A_MEMBER, "you were revoked");
                }));
    made().close("the cable was pulled");
    until(() -> session().state() instanceof SessionState.Closed);
    assertTrue(paths.forgotten.await(Patience.seconds(30).toSeconds(), TimeUnit.SECONDS));
    assertThrows(IOException.class, this::assertAnswers);
  }

  @Test
  void theEndOfTheSessionEndsEverything() throws Exception {
    PathKeeper kept = connected(over(Way.TLS));
    Disguised tls = made();
    session().close();
    assertCloses(tls);
    assertTrue(paths.forgotten.await(Patience.seconds(30).toSeconds(), TimeUnit.SECONDS));
    assertNull(kept.view());
  }

  @Test
  void whatIsFoundAfterTheEndIsClosed() throws Exception {
    CountDownLatch go = new CountDownLatch(1);
    connected(
        race -> {
          race.run(Way.RELAY, paths::relay);
          race.run(
              Way.QUIC,
              () -> {
                until(go);
                return paths.direct(Way.QUIC);
              });
        });
    made();
    session().close();
    assertTrue(paths.forgotten.await(Patience.seconds(30).toSeconds(), TimeUnit.SECONDS));
    go.countDown();
    assertCloses(made());
  }

  @Test
  void whatIsNotAllowedIsNotLookedFor() throws Exception {
    paths.plans.add(relayed());
    PathKeeper kept = begin(new PathPolicy(EnumSet.allOf(Way.class), PathPolicy.Reach.RELAY_ONLY));
    session().start();
    PathView view = kept.view();
    assertNotNull(view);
    assertNull(view.nextAttempt(), "a relay is the best that is allowed");
    assertFalse(view.why().isEmpty());
  }
}
