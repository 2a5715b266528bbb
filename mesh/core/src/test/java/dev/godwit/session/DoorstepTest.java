package dev.godwit.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.limit.SourceQuota;
import dev.godwit.stream.Connection;
import dev.godwit.stream.MemoryTransport;
import dev.godwit.testing.Patience;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Connections that come and do not greet. In memory, each node has an address of its own. */
@Timeout(60)
final class DoorstepTest {
  private final MemoryTransport.Network network = new MemoryTransport.Network();
  private final TestMesh mesh = new TestMesh();
  private final TestMesh.Member alice = mesh.member("alice");
  private final TestMesh.Member bob = mesh.member("bob");
  private final TestMesh.Member carol = mesh.member("carol");
  private final MemoryTransport door = new MemoryTransport(alice.id(), network);
  private final List<MemoryTransport> visitors = new ArrayList<>();
  private final SourceQuota quota = new SourceQuota(2, 3);

  @BeforeEach
  void listen() {
    Greeting greeting =
        new Greeting(
            alice.admission(),
            Map.of(),
            // Whoever goes is noticed before that.
            Duration.ofMinutes(10),
            new LiveConnections(),
            new Doorstep(quota));
    door.listen(
        connection -> {
          var _ = greeting.welcome(connection);
        });
  }

  @AfterEach
  void close() {
    visitors.forEach(MemoryTransport::close);
    door.close();
  }

  private Connection dial(TestMesh.Member visitor) throws IOException {
    MemoryTransport transport = new MemoryTransport(visitor.id(), network);
    visitors.add(transport);
    return transport.dial(alice.id(), List.of("memory"), SessionFixture.LIMIT);
  }

  private Connection waiting(TestMesh.Member visitor) throws Exception {
    int before = quota.inAll();
    Connection connection = dial(visitor);
    Patience.until("one more waits", () -> quota.inAll() == before + 1);
    return connection;
  }

  private static void assertTurnedAway(Connection connection) throws Exception {
    String reason = connection.closed().get(Patience.seconds(30).toSeconds(), TimeUnit.SECONDS);
    assertTrue(reason.contains("too many"), reason);
  }

  private void greet(TestMesh.Member member) throws Exception {
    Connection connection = dial(member);
    assertEquals(
        alice.id(),
        new Greeting(member.admission(), Map.of(), SessionFixture.LIMIT).greet(connection).id());
    assertTrue(connection.isOpen());
  }

  @Test
  void whoeverGreetsNobodyLeavesRoomForOthers() throws Exception {
    Connection first = waiting(bob);
    Connection second = waiting(bob);
    assertTurnedAway(dial(bob));
    greet(carol);
    assertTrue(first.isOpen());
    assertTrue(second.isOpen());
  }

  @Test
  void allTogetherHaveALimitUntilTheyGo() throws Exception {
    Connection first = waiting(bob);
    Connection _ = waiting(bob);
    Connection _ = waiting(mesh.member("dave"));
    assertThrows(IOException.class, () -> greet(carol));
    first.close();
    Patience.until("one has gone", Patience.seconds(20), () -> quota.inAll() == 2);
    greet(carol);
  }

  @Test
  void whoHasGreetedDoesNotCount() throws Exception {
    for (int i = 0; i < 5; i++) {
      greet(carol);
    }
    Patience.until("nobody waits", Patience.seconds(20), () -> quota.inAll() == 0);
    Connection waiting = waiting(carol);
    assertFalse(waiting.closed().isDone());
  }
}
