package dev.godwit.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.identity.Identity;
import dev.godwit.identity.NodeId;
import dev.godwit.membership.Membership;
import dev.godwit.membership.Revocations;
import dev.godwit.session.SessionFixture.Script;
import dev.godwit.stream.ByteStream;
import dev.godwit.stream.Connection;
import dev.godwit.stream.Connection.Urgency;
import dev.godwit.stream.MemoryTransport;
import dev.godwit.testing.Patience;
import dev.godwit.wire.FrameHeader;
import dev.godwit.wire.FrameType;
import dev.godwit.wire.proto.Failure;
import dev.godwit.wire.proto.Hello;
import dev.godwit.wire.proto.StreamOpen;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who gets in, with real certificates. */
@Timeout(60)
final class GreetingTest {
  private static final Duration LIMIT = Patience.seconds(10);

  private final MemoryTransport.Network network = new MemoryTransport.Network();
  private final TestMesh mesh = new TestMesh();
  private final TestMesh.Member alice = mesh.member("alice");
  private final TestMesh.Member bob = mesh.member("bob");
  private final MemoryTransport door = new MemoryTransport(alice.id(), network);
  private final List<MemoryTransport> visitors = new ArrayList<>();
  private final CompletableFuture<CompletableFuture<Peer>> visit = new CompletableFuture<>();

  @BeforeEach
  void listen() {
    listen(LIMIT);
  }

  private void listen(Duration limit) {
    Protocol echo =
        (peer, open, stream, reader) -> {
          while (reader.next()) {
            new Script(stream).send(FrameType.REPLY, reader.header().requestId(), new byte[0], 0);
          }
          stream.finish();
        };
    Greeting greeting = new Greeting(alice.admission(), Map.of("echo/1", echo), limit);
    door.listen(connection -> visit.complete(greeting.welcome(connection)));
  }

  @AfterEach
  void close() {
    visitors.forEach(MemoryTransport::close);
    door.close();
  }

  private Connection dial(Identity visitor) throws IOException {
    MemoryTransport transport = new MemoryTransport(visitor.id(), network);
    visitors.add(transport);
    return transport.dial(alice.id(), List.of("memory"), LIMIT);
  }

  private static Greeting greeting(Admission admission) {
    return new Greeting(admission, Map.of(), LIMIT);
  }

  /** Both sides refuse, and the connection is gone. */
  private RemoteException refused(Identity visitor, Admission admission) throws Exception {
    Connection connection = dial(visitor);
    RemoteException refused =
        assertThrows(RemoteException.class, () -> greeting(admission).greet(connection));
    ExecutionException here =
        assertThrows(
            ExecutionException.class,
            () ->
                visit
                    .get(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS)
                    .get(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS));
    assertTrue(here.getCause() instanceof IOException, here::toString);
    connection.closed().get(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS);
    assertThrows(IOException.class, () -> connection.open(Urgency.DEMAND));
    return refused;
  }

  private Peer visited() throws Exception {
    return visit
        .get(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS)
        .get(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS);
  }

  /** What ends its welcome happens between two looks, of which the second cuts it. */
  private void assertCut(
      LiveConnections connections, Connection connection, Ending ending, String why)
      throws Exception {
    connections.cut(alice.admission());
    assertTrue(connection.isOpen());
    connections.cut(ending.happens());
    String reason = connection.closed().get(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS);
    assertTrue(reason.contains(why), reason);
    assertEquals(0, connections.count());
  }

  private void assertCut(LiveConnections connections, Connection connection) throws Exception {
    assertCut(
        connections,
        connection,
        () -> {
          alice.admission().learn(mesh.revoke(bob.id()));
          return alice.admission();
        },
        "revoked");
  }

  /** What ends the welcome of a peer. */
  @FunctionalInterface
  private interface Ending {
    /** What says from now on who is welcome. */
    Authority happens() throws Exception;
  }

  /** Alice's side of a connection of bob. */
  private Connection connected(LiveConnections connections) throws Exception {
    Greeting greeting = new Greeting(alice.admission(), Map.of(), LIMIT, connections);
    door.listen(connection -> visit.complete(greeting.welcome(connection)));
    Connection connection = dial(bob.identity());
    greeting(bob.admission()).greet(connection);
    assertEquals(bob.id(), visited().id());
    return connection;
  }

  @Test
  void whoIsRevokedWhileConnectedIsCut() throws Exception {
    LiveConnections connections = new LiveConnections();
    assertCut(connections, connected(connections));
  }

  @Test
  void whoIsRevokedWhileWeAreConnectedToItIsCut() throws Exception {
    LiveConnections connections = new LiveConnections();
    MemoryTransport bobsDoor = new MemoryTransport(bob.id(), network);
    visitors.add(bobsDoor);
    bobsDoor.listen(
        connection -> {
          var _ = greeting(bob.admission()).welcome(connection);
        });
    Connection connection = door.dial(bob.id(), List.of("memory"), LIMIT);
    new Greeting(alice.admission(), Map.of(), LIMIT, connections).greet(connection);
    assertCut(connections, connection);
  }

  @Test
  void aMembershipThatEndsWhileConnectedIsCut() throws Exception {
    LiveConnections connections = new LiveConnections();
    Connection connection = connected(connections);
    AtomicReference<Instant> now = new AtomicReference<>(bob.membership().expiry().minusMillis(1));
    MeshAdmission here =
        new MeshAdmission(
            alice.membership(), alice.admission().known(), _ -> {}, () -> now.get(), "test");
    connections.cut(here);
    assertCut(
        connections,
        connection,
        () -> {
          now.set(bob.membership().expiry());
          return here;
        },
        "ended at");
  }

  @Test
  void aMembershipHoldsUntilItsEnd() throws Exception {
    AtomicReference<Instant> now = new AtomicReference<>(Instant.now());
    TestMesh.Member carol =
        mesh.member(Identity.generate(new SecureRandom()), "carol", List.of(), now::get, LIMIT);
    MeshAdmission here =
        new MeshAdmission(
            alice.membership(), alice.admission().known(), _ -> {}, () -> now.get(), "test");
    Peer peer = new Peer(carol.id(), carol.membership());
    here.check(peer);
    now.set(carol.membership().expiry().minusMillis(1));
    here.check(peer);
    now.set(carol.membership().expiry());
    assertThrows(RemoteException.class, () -> here.check(peer));
    // A clock that is set back makes nobody a stranger.
    now.set(carol.membership().notBefore().minusSeconds(3600));
    here.check(peer);
  }

  @Test
  void twoMembersKnowEachOther() throws Exception {
    Connection connection = dial(bob.identity());
    assertEquals(alice.id(), greeting(bob.admission()).greet(connection).id());
    Peer peer =
        visit
            .get(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS)
            .get(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS);
    assertEquals(bob.id(), peer.id());
    assertEquals("bob", peer.membership().name());
  }

  @Test
  void aMemberOfAnotherMeshIsRefused() throws Exception {
    TestMesh.Member stranger = new TestMesh().member("mallory");
    RemoteException refused = refused(stranger.identity(), stranger.admission());
    assertEquals(Failure.Code.NOT_A_MEMBER, refused.code());
    assertFalse(
        refused.toString().contains(alice.membership().mesh().toString()), refused::toString);
  }

  @Test
  void aRevokedMemberIsRefused() throws Exception {
    alice.admission().learn(mesh.revoke(bob.id()));
    RemoteException refused = refused(bob.identity(), bob.admission());
    assertEquals(Failure.Code.NOT_A_MEMBER, refused.code());
    assertTrue(String.valueOf(refused.getMessage()).contains("revoked"), refused::getMessage);
  }

  @Test
  void anExpiredCertificateIsRefused() throws Exception {
    InstantSource longAgo = InstantSource.fixed(Instant.now().minus(Duration.ofDays(9)));
    TestMesh.Member old =
        mesh.member(bob.identity(), "bob", List.of(), longAgo, Duration.ofDays(1));
    RemoteException refused = refused(bob.identity(), old.admission());
    assertEquals(Failure.Code.NOT_A_MEMBER, refused.code());
    assertTrue(String.valueOf(refused.getMessage()).contains("ended at"), refused::getMessage);
  }

  @Test
  void aCertificateOfAnotherNodeIsRefused() throws Exception {
    TestMesh.Member thief = new TestMesh().member("mallory");
    RemoteException refused = refused(thief.identity(), bob.admission());
    assertEquals(Failure.Code.NOT_A_MEMBER, refused.code());
  }

  @Test
  void theOneWhoDialsRefusesAStrangerToo() throws Exception {
    // Mallory's admission lets anybody in, but bob's does not let mallory in.
    TestMesh.Member mallory = new TestMesh().member("mallory");
    Admission gullible =
        new Admission() {
          @Override
          public Hello hello() {
            return mallory.admission().hello();
          }

          @Override
          public Peer admit(NodeId id, Hello hello) {
            return new Peer(id, mallory.membership());
          }

          @Override
          public ByteBuffer revocations() {
            return mallory.admission().revocations();
          }

          @Override
          public void learn(byte[] encoded) {}
        };
    try (MemoryTransport trap = new MemoryTransport(mallory.id(), network)) {
      trap.listen(
          connection -> {
            var _ = new Greeting(gullible, Map.of(), LIMIT).welcome(connection);
          });
      MemoryTransport transport = new MemoryTransport(bob.id(), network);
      visitors.add(transport);
      Connection connection = transport.dial(mallory.id(), List.of("memory"), LIMIT);
      RemoteException refused =
          assertThrows(RemoteException.class, () -> greeting(bob.admission()).greet(connection));
      assertEquals(Failure.Code.NOT_A_MEMBER, refused.code());
      connection.closed().get(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS);
    }
  }

  @Test
  void revocationsSpreadWithGreetings() throws Exception {
    TestMesh.Member carol = mesh.member("carol");
    Revocations list = mesh.revoke(carol.id());
    bob.admission().learn(list);
    greeting(bob.admission()).greet(dial(bob.identity()));
    Patience.until(
        "alice has asked for it", () -> alice.admission().known().version() == list.version());
  }

  @Test
  void whoDialsHasTheNewerListBeforeItGoesOn() throws Exception {
    Revocations list = mesh.revoke(mesh.member("carol").id());
    alice.admission().learn(list);
    greeting(bob.admission()).greet(dial(bob.identity()));
    assertEquals(list.version(), bob.admission().known().version());
  }

  @Test
  void aListThatIsLargerThanAGreetingSpreadsToo() throws Exception {
    TestMesh.Member carol = mesh.member("carol");
    Revocations list = mesh.revoke(20_000);
    alice.admission().learn(list);
    greeting(bob.admission()).greet(dial(bob.identity()));
    assertEquals(list.version(), bob.admission().known().version());
    greeting(carol.admission()).greet(dial(carol.identity()));
    assertEquals(list.version(), carol.admission().known().version());
  }

  @Test
  void whoSaysThatItHasANewerListAndHasNoneIsGreetedAllTheSame() throws Exception {
    Admission boastful =
        new Admission() {
          @Override
          public Hello hello() {
            return alice.admission().hello().toBuilder().setRevocationsVersion(1000).build();
          }

          @Override
          public Peer admit(NodeId id, Hello hello) throws RemoteException {
            return alice.admission().admit(id, hello);
          }

          @Override
          public ByteBuffer revocations() {
            return ByteBuffer.allocate(100);
          }

          @Override
          public void learn(byte[] encoded) {}
        };
    MemoryTransport.Network apart = new MemoryTransport.Network();
    try (MemoryTransport host = new MemoryTransport(alice.id(), apart);
        MemoryTransport guest = new MemoryTransport(bob.id(), apart)) {
      host.listen(
          connection -> {
            var _ = new Greeting(boastful, Map.of(), LIMIT).welcome(connection);
          });
      Connection connection = guest.dial(alice.id(), List.of("memory"), LIMIT);
      assertEquals(alice.id(), greeting(bob.admission()).greet(connection).id());
      assertEquals(0, bob.admission().known().version());
    }
  }

  @Test
  void anUnreadableCertificateIsRefused() throws Exception {
    Hello hello =
        bob.admission().hello().toBuilder()
            .setMembership(com.google.protobuf.ByteString.copyFromUtf8("none"))
            .build();
    assertEquals(Failure.Code.NOT_A_MEMBER, say(FrameType.HELLO, hello));
  }

  @Test
  void aPeerThatSpeaksNoCommonVersionIsTold() throws Exception {
    Hello hello = bob.admission().hello().toBuilder().setVersionMin(2).setVersionMax(3).build();
    assertEquals(Failure.Code.NO_COMMON_VERSION, say(FrameType.HELLO, hello));
  }

  @Test
  void aStreamBeforeTheGreetingIsRefused() throws Exception {
    StreamOpen open = StreamOpen.newBuilder().setProtocol("echo/1").build();
    assertEquals(Failure.Code.NOT_A_MEMBER, say(FrameType.OPEN, open));
  }

  /** What the door says to a first frame; the connection is closed afterwards. */
  private Failure.Code say(FrameType type, com.google.protobuf.MessageLite message)
      throws Exception {
    Connection connection = dial(bob.identity());
    try (ByteStream stream = connection.open(Urgency.DEMAND)) {
      Script script = new Script(stream);
      script.writer.write(new FrameHeader().set(type, (byte) 0, 0), message, null);
      script.reader.expect(FrameType.HELLO);
      assertEquals(FrameType.FAILURE, script.reader.header().type());
      Failure.Code code = script.reader.control(Failure.parser()).getCode();
      stream.finish();
      connection.closed().get(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS);
      return code;
    }
  }

  @Test
  void aFirstFrameOfGarbageGetsNobodyIn() throws Exception {
    Connection connection = dial(bob.identity());
    ByteStream stream = connection.open(Urgency.DEMAND);
    byte[] garbage = new byte[100];
    Arrays.fill(garbage, (byte) 0xaa);
    stream.write(ByteBuffer.wrap(garbage));
    connection.closed().get(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS);
    assertThrows(
        ExecutionException.class,
        () ->
            visit
                .get(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS)
                .get(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS));
  }

  @Test
  void aPeerThatNeverGreetsIsLetGo() throws Exception {
    listen(Duration.ofMillis(100));
    Connection connection = dial(bob.identity());
    String reason = connection.closed().get(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS);
    assertTrue(reason.contains("not greeted"), reason);
  }

  @Test
  void aPeerThatNeverAnswersAGreetingIsLetGo() throws Exception {
    try (MemoryTransport silent = new MemoryTransport(bob.id(), network)) {
      silent.listen(connection -> {});
      MemoryTransport transport = new MemoryTransport(alice.id(), network);
      visitors.add(transport);
      Connection connection = transport.dial(bob.id(), List.of("memory"), LIMIT);
      Greeting impatient = new Greeting(alice.admission(), Map.of(), Duration.ofMillis(50));
      assertThrows(IOException.class, () -> impatient.greet(connection));
      assertTrue(connection.closed().isDone());
    }
  }

  @Test
  void anUnknownProtocolIsRefusedAndTheConnectionGoesOn() throws Exception {
    Connection connection = dial(bob.identity());
    greeting(bob.admission()).greet(connection);
    assertEquals(Failure.Code.UNKNOWN_OPERATION, open(connection, FrameType.OPEN, "nothing/9"));
    assertEquals(Failure.Code.MALFORMED, open(connection, FrameType.REQUEST, "echo/1"));
    try (ByteStream stream = connection.open(Urgency.DEMAND)) {
      Script script = new Script(stream);
      script.writer.write(
          new FrameHeader().set(FrameType.OPEN, (byte) 0, 0),
          StreamOpen.newBuilder().setProtocol("echo/1").build(),
          null);
      script.send(FrameType.REQUEST, 3, new byte[0], 0);
      script.reader.expect(FrameType.REPLY);
      assertEquals(3, script.reader.header().requestId());
    }
  }

  private static Failure.Code open(Connection connection, FrameType type, String protocol)
      throws IOException {
    try (ByteStream stream = connection.open(Urgency.DEMAND)) {
      Script script = new Script(stream);
      script.writer.write(
          new FrameHeader().set(type, (byte) 0, 0),
          StreamOpen.newBuilder().setProtocol(protocol).build(),
          null);
      script.reader.expect(FrameType.REPLY);
      return script.reader.control(Failure.parser()).getCode();
    }
  }

  @Test
  void aMembershipShownOutsideAGreetingIsJudgedTheSameWay() throws Exception {
    Membership membership = bob.membership();
    assertEquals(bob.id(), alice.admission().admit(bob.id(), membership.encoded()).id());
    assertThrows(
        RemoteException.class, () -> alice.admission().admit(alice.id(), membership.encoded()));
    assertThrows(RemoteException.class, () -> alice.admission().admit(bob.id(), new byte[5]));
  }
}
