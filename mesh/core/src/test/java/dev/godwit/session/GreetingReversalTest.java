package dev.godwit.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import dev.godwit.identity.NodeId;
import dev.godwit.session.SessionFixture.Script;
import dev.godwit.stream.ByteStream;
import dev.godwit.stream.Connection;
import dev.godwit.stream.Connection.Urgency;
import dev.godwit.stream.MemoryTransport;
import dev.godwit.testing.Patience;
import dev.godwit.wire.FrameHeader;
import dev.godwit.wire.FrameType;
import dev.godwit.wire.proto.Hello;
import dev.godwit.wire.proto.StreamOpen;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Alice has asked Bob to dial her: whoever dials, she is the one who greets. */
@Timeout(60)
final class GreetingReversalTest {
  private static final Duration LIMIT = Patience.seconds(10);
  private static final ByteString TOKEN = ByteString.copyFromUtf8("sixteen bytes ok");

  private final MemoryTransport.Network network = new MemoryTransport.Network();
  private final TestMesh mesh = new TestMesh();
  private final TestMesh.Member alice = mesh.member("alice");
  private final TestMesh.Member bob = mesh.member("bob");
  private final MemoryTransport door = new MemoryTransport(alice.id(), network);
  private final List<MemoryTransport> visitors = new ArrayList<>();
  private final BlockingQueue<Connection> taken = new LinkedBlockingQueue<>();
  private final CompletableFuture<CompletableFuture<Peer>> visit = new CompletableFuture<>();
  private final Greeting.Reversal awaited =
      token -> token.equals(TOKEN) ? Optional.of(taken::add) : Optional.empty();

  @AfterEach
  void close() {
    visitors.forEach(MemoryTransport::close);
    door.close();
  }

  private static Greeting greeting(Admission admission) {
    return greeting(admission, LIMIT);
  }

  private static Greeting greeting(Admission admission, Duration limit) {
    Protocol echo =
        (peer, open, stream, reader) -> {
          while (reader.next()) {
            new Script(stream).send(FrameType.REPLY, reader.header().requestId(), new byte[0], 0);
          }
          stream.finish();
        };
    return new Greeting(admission, Map.of("echo/1", echo), limit);
  }

  private void aliceAwaits(Greeting.Reversal reversal, Duration limit) {
    Greeting greeting = greeting(alice.admission(), limit);
    door.listen(connection -> visit.complete(greeting.welcome(connection, reversal)));
  }

  private Connection dial(NodeId visitor) throws IOException {
    MemoryTransport transport = new MemoryTransport(visitor, network);
    visitors.add(transport);
    return transport.dial(alice.id(), List.of("memory"), LIMIT);
  }

  private Peer visitor() throws Exception {
    return visit
        .get(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS)
        .get(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS);
  }

  private void assertNotWanted(Connection connection) throws Exception {
    ExecutionException here = assertThrows(ExecutionException.class, this::visitor);
    assertInstanceOf(IOException.class, here.getCause());
    connection.closed().get(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS);
    assertTrue(taken.isEmpty(), "it was taken");
  }

  private static void assertEchoes(Connection connection) throws IOException {
    try (ByteStream stream = connection.open(Urgency.DEMAND)) {
      Script script = new Script(stream);
      script.writer.write(
          new FrameHeader().set(FrameType.OPEN, (byte) 0, 0),
          StreamOpen.newBuilder().setProtocol("echo/1").build(),
          null);
      script.send(FrameType.REQUEST, 77, new byte[0], 0);
      script.reader.expect(FrameType.REPLY);
      assertEquals(77, script.reader.header().requestId());
    }
  }

  /** Shows the certificate of a member, and lets everybody in. */
  private static Admission gullible(TestMesh.Member shown) {
    return new Admission() {
      @Override
      public Hello hello() {
        return shown.admission().hello();
      }

      @Override
      public Peer admit(NodeId id, Hello hello) {
        return new Peer(id, shown.membership());
      }

      @Override
      public ByteBuffer revocations() {
        return shown.admission().revocations();
      }

      @Override
      public void learn(byte[] encoded) {}
    };
  }

  @Test
  void whoIsAwaitedIsGreetedAndBothKnowEachOther() throws Exception {
    aliceAwaits(awaited, LIMIT);
    Connection connection = dial(bob.id());
    Peer host = greeting(bob.admission()).offer(connection, TOKEN);
    assertEquals(alice.id(), host.id());
    assertEquals("alice", host.membership().name());
    assertEquals("bob", visitor().membership().name());
    Connection here = taken.poll(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS);
    assertEquals(bob.id(), here.peer());
    assertTrue(here.isOpen());
  }

  @Test
  void afterwardsBothMayOpenStreams() throws Exception {
    aliceAwaits(awaited, LIMIT);
    Connection connection = dial(bob.id());
    greeting(bob.admission()).offer(connection, TOKEN);
    visitor();
    assertEchoes(taken.poll(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS));
    assertEchoes(connection);
  }

  // Each time in another order: the peer may let go before or after our last word.
  @RepeatedTest(30)
  void theSameTokenMayComeTwice() throws Exception {
    aliceAwaits(awaited, LIMIT);
    greeting(bob.admission()).offer(dial(bob.id()), TOKEN);
    greeting(bob.admission()).offer(dial(bob.id()), TOKEN);
    assertTrue(taken.poll(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS).isOpen());
    assertTrue(taken.poll(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS).isOpen());
  }

  @Test
  void aTokenThatNobodyKnowsIsNotWanted() throws Exception {
    aliceAwaits(awaited, LIMIT);
    Connection connection = dial(bob.id());
    assertThrows(
        IOException.class,
        () ->
            greeting(bob.admission(), Duration.ofSeconds(2))
                .offer(connection, ByteString.copyFromUtf8("another token...")));
    assertNotWanted(connection);
  }

  @Test
  void whoAskedNobodyWantsNoOffer() throws Exception {
    aliceAwaits(Greeting.Reversal.NONE, LIMIT);
    Connection connection = dial(bob.id());
    assertThrows(
        IOException.class,
        () -> greeting(bob.admission(), Duration.ofSeconds(2)).offer(connection, TOKEN));
    assertNotWanted(connection);
  }

  @Test
  void aTokenForAnotherPurposeIsNoOffer() throws Exception {
    aliceAwaits(awaited, LIMIT);
    Connection connection = dial(bob.id());
    try (ByteStream stream = connection.open(Urgency.DEMAND)) {
      Script script = new Script(stream);
      script.writer.write(
          new FrameHeader().set(FrameType.OPEN, (byte) 0, 0),
          StreamOpen.newBuilder().setProtocol("echo/1").setSession(TOKEN).build(),
          null);
      script.reader.expect(FrameType.FAILURE);
    }
    assertNotWanted(connection);
  }

  @Test
  void aStrangerWhoKnowsTheTokenIsNotTaken() throws Exception {
    aliceAwaits(awaited, LIMIT);
    TestMesh.Member mallory = new TestMesh().member("mallory");
    Connection connection = dial(mallory.id());
    // She believes that she is in: her own side of the greeting was done.
    greeting(gullible(mallory)).offer(connection, TOKEN);
    assertNotWanted(connection);
  }

  @Test
  void aRevokedMemberWhoKnowsTheTokenIsNotTaken() throws Exception {
    aliceAwaits(awaited, LIMIT);
    alice.admission().learn(mesh.revoke(bob.id()));
    Connection connection = dial(bob.id());
    greeting(gullible(bob)).offer(connection, TOKEN);
    assertNotWanted(connection);
  }

  // Each time in another order: the peer may let go before or after our last word.
  @RepeatedTest(30)
  void whoDoesNotLetTheGreeterInIsNotTaken() throws Exception {
    aliceAwaits(awaited, LIMIT);
    TestMesh.Member stranger = new TestMesh().member("stranger");
    Connection connection = dial(stranger.id());
    IOException refused =
        assertThrows(
            IOException.class, () -> greeting(stranger.admission()).offer(connection, TOKEN));
    assertInstanceOf(ExecutionException.class, refused.getCause());
    assertNotWanted(connection);
  }

  @Test
  void anOfferThatIsNotCompletedIsGivenUp() throws Exception {
    aliceAwaits(awaited, LIMIT);
    Connection connection = dial(bob.id());
    // Nothing answers the greeting that this asks for.
    connection.serve(stream -> stream.reset(1));
    try (ByteStream stream = connection.open(Urgency.DEMAND)) {
      new Script(stream)
          .writer.write(
              new FrameHeader().set(FrameType.OPEN, (byte) 0, 0),
              StreamOpen.newBuilder().setProtocol("godwit/reverse/1").setSession(TOKEN).build(),
              null);
      assertNotWanted(connection);
    }
  }

  @Test
  void anOfferToAConnectionThatDiesFails() throws Exception {
    door.listen(connection -> connection.close("not today"));
    Connection connection = dial(bob.id());
    assertThrows(
        IOException.class,
        () -> greeting(bob.admission(), Duration.ofSeconds(3)).offer(connection, TOKEN));
    assertFalse(connection.isOpen());
  }
}
