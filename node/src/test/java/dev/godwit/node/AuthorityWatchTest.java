package dev.godwit.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.identity.Identity;
import dev.godwit.identity.NodeId;
import dev.godwit.membership.Membership;
import dev.godwit.membership.MeshKey;
import dev.godwit.membership.Revocations;
import dev.godwit.session.Greeting;
import dev.godwit.session.LiveConnections;
import dev.godwit.session.MeshAdmission;
import dev.godwit.session.Peer;
import dev.godwit.stream.Connection;
import dev.godwit.stream.MemoryTransport;
import dev.godwit.testing.Patience;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
final class AuthorityWatchTest {
  private static final SecureRandom RANDOM = new SecureRandom();

  private static final Duration PATIENCE = Patience.seconds(20);
  private static final int ROUNDS = 50;

  @TempDir private Path folder;

  private final MeshKey key = MeshKey.generate(RANDOM);
  private final Identity self = Identity.generate(RANDOM);
  private final Membership own =
      Membership.issue(
          key, self.id(), "alice", List.of(), InstantSource.system(), Duration.ofDays(1), RANDOM);
  private final AtomicReference<Instant> now = new AtomicReference<>(Instant.now());
  private final MeshAdmission admission =
      new MeshAdmission(own, Revocations.none(key.id()), _ -> {}, () -> now.get(), "test");
  private final LiveConnections connections = new LiveConnections();
  private final MemoryTransport.Network network = new MemoryTransport.Network();
  private final List<MemoryTransport> transports = new ArrayList<>();
  private final List<Long> told = new ArrayList<>();
  private final List<String> advice = new ArrayList<>();

  private NodeHome home() {
    return new NodeHome(folder.resolve("home"), RANDOM);
  }

  private AuthorityWatch watch() {
    return new AuthorityWatch(
        home(),
        admission,
        connections,
        list -> told.add(list.version()),
        new Peer(own.node(), own),
        advice::add);
  }

  private Revocations revoked(NodeId... nodes) {
    Revocations list = Revocations.none(key.id());
    for (NodeId node : nodes) {
      list = list.revoke(key, node, Instant.now());
    }
    return list;
  }

  @AfterEach
  void end() {
    transports.forEach(MemoryTransport::close);
  }

  private MemoryTransport transport(NodeId node) {
    MemoryTransport transport = new MemoryTransport(node, network);
    transports.add(transport);
    return transport;
  }

  /** A member that is connected, and asks for nothing. */
  private Connection connected(Identity member) throws Exception {
    Membership membership =
        Membership.issue(
            key,
            member.id(),
            "bob",
            List.of(),
            InstantSource.system(),
            Duration.ofHours(1),
            RANDOM);
    CompletableFuture<CompletableFuture<Peer>> welcomed = new CompletableFuture<>();
    Greeting greeting = new Greeting(admission, Map.of(), PATIENCE, connections);
    transport(self.id()).listen(visitor -> welcomed.complete(greeting.welcome(visitor)));
    Connection connection = transport(member.id()).dial(self.id(), List.of("memory"), PATIENCE);
    MeshAdmission theirs =
        new MeshAdmission(
            membership, Revocations.none(key.id()), _ -> {}, InstantSource.system(), "test");
    Peer _ = new Greeting(theirs, Map.of(), PATIENCE).greet(connection);
    Peer _ = welcomed.get(60, TimeUnit.SECONDS).get(60, TimeUnit.SECONDS);
    assertEquals(1, connections.count());
    return connection;
  }

  private static void assertCut(Connection connection, String why) throws Exception {
    String reason = connection.closed().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    assertTrue(reason.contains(why), reason);
  }

  @Test
  void whoWasRevokedByAnotherProcessIsCutThoughItAsksForNothing() throws Exception {
    Identity bob = Identity.generate(RANDOM);
    Connection connection = connected(bob);
    AuthorityWatch watch = watch();
    watch.look();
    assertTrue(connection.isOpen());
    home().keep(revoked(bob.id()));
    watch.look();
    assertCut(connection, "revoked");
  }

  @Test
  void whoseMembershipHasEndedIsCutThoughItAsksForNothing() throws Exception {
    Connection connection = connected(Identity.generate(RANDOM));
    AuthorityWatch watch = watch();
    now.set(Instant.now().plus(Duration.ofMinutes(59)));
    watch.look();
    assertTrue(connection.isOpen());
    now.set(Instant.now().plus(Duration.ofMinutes(61)));
    watch.look();
    assertCut(connection, "ended at");
  }

  @Test
  void whoIsRevokedInAListThatIsLearnedIsCutAtOnce() throws Exception {
    Identity bob = Identity.generate(RANDOM);
    Connection connection = connected(bob);
    AuthorityWatch.learn(admission, connections, revoked(somebody()));
    assertTrue(connection.isOpen());
    AuthorityWatch.learn(admission, connections, revoked(somebody(), bob.id()));
    assertCut(connection, "revoked");
  }

  private static NodeId somebody() {
    return Identity.generate(RANDOM).id();
  }

  @Test
  void whatAnotherProcessHasStoredIsKnownAndPassedOn() throws Exception {
    AuthorityWatch watch = watch();
    watch.look();
    NodeId bob = somebody();
    Revocations list = revoked(bob);
    home().keep(list);
    watch.look();
    assertTrue(admission.known().isRevoked(bob));
    assertEquals(List.of(0L, list.version()), told);
  }

  @Test
  void aNodeThatIsRevokedIsToldOnce() throws Exception {
    AuthorityWatch watch = watch();
    watch.look();
    assertEquals(List.of(), advice);
    home().keep(revoked(self.id()));
    watch.look();
    watch.look();
    assertEquals(1, advice.size());
    assertTrue(advice.getFirst().contains("not a member of its mesh any more"), advice::toString);
  }

  @Test
  void anOlderListDoesNotReplaceANewerOne() throws IOException {
    Revocations newer = revoked(somebody(), somebody());
    home().keep(newer);
    home().keep(revoked(somebody()));
    assertEquals(newer.version(), home().revocations(key.id()).version());
  }

  /** Also when both look at what is there before either has stored its own. */
  @Test
  void ofTwoListsThatAreStoredAtOnceTheNewerOneStays() throws Exception {
    Revocations older = revoked(somebody(), somebody());
    Revocations newer = older.revoke(key, somebody(), Instant.now());
    try (ExecutorService two = Executors.newFixedThreadPool(2)) {
      for (int round = 0; round < ROUNDS; round++) {
        NodeHome home = new NodeHome(folder.resolve("home" + round), RANDOM);
        CyclicBarrier start = new CyclicBarrier(2);
        List<Future<Boolean>> kept = new ArrayList<>();
        for (Revocations list : List.of(older, newer)) {
          kept.add(
              two.submit(
                  () -> {
                    int _ = start.await();
                    home.keep(list);
                    return true;
                  }));
        }
        for (Future<Boolean> one : kept) {
          assertTrue(one.get(PATIENCE.toSeconds(), TimeUnit.SECONDS));
        }
        assertEquals(newer.version(), home.revocations(key.id()).version(), "round " + round);
      }
    }
  }
}
