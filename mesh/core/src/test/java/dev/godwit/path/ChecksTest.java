package dev.godwit.path;

import static dev.godwit.path.DatagramNetwork.Dependence.ADDRESS_AND_PORT_DEPENDENT;
import static dev.godwit.path.DatagramNetwork.Dependence.ENDPOINT_INDEPENDENT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.path.DatagramNetwork.Host;
import dev.godwit.stun.StunMessage;
import dev.godwit.testing.Patience;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class ChecksTest {
  private static final Duration PATIENCE = Patience.seconds(20);

  private final SecureRandom random = new SecureRandom();
  private final CheckToken token = CheckToken.random(random);
  private final DatagramNetwork network = new DatagramNetwork();
  private final Host server = network.host();

  @AfterEach
  void close() {
    network.close();
  }

  private Candidate reflexive(Host host) throws IOException {
    return new Candidate(Candidate.Kind.REFLEXIVE, host.agent.reflexive(server.address, PATIENCE));
  }

  /** Both check each other's reflexive candidate; what {@code a} finds. */
  private Candidate found(Host a, Host b, Duration patience) throws Exception {
    Candidate ofA = reflexive(a);
    Candidate ofB = reflexive(b);
    try (Checks there = b.agent.check(token, List.of(ofA), patience);
        Checks here = a.agent.check(token, List.of(ofB), patience)) {
      assertFalse(there.ended().isDone() && here.ended().isDone());
      return here.reachable().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }
  }

  @Test
  void aServerTellsHowASocketLooksFromOutside() throws Exception {
    Host open = network.host();
    assertEquals(open.address, open.agent.reflexive(server.address, PATIENCE));
    Host inside = network.host(ENDPOINT_INDEPENDENT, ENDPOINT_INDEPENDENT);
    assertNotEquals(inside.address, inside.agent.reflexive(server.address, PATIENCE));
  }

  @Test
  void aLostRequestIsRepeated() throws Exception {
    Host host = network.host();
    AtomicInteger sent = new AtomicInteger();
    network.arrives = to -> sent.incrementAndGet() > 3;
    assertEquals(host.address, host.agent.reflexive(server.address, PATIENCE));
  }

  @Test
  void aServerThatDoesNotAnswerIsNamed() {
    network.arrives = to -> false;
    IOException failure =
        assertThrows(
            IOException.class,
            () -> network.host().agent.reflexive(server.address, Duration.ofMillis(50)));
    assertTrue(String.valueOf(failure.getMessage()).contains(server.address.toString()));
  }

  @Test
  void anAnswerFromElsewhereDoesNotCount() throws Exception {
    Host host = network.host();
    Host liar = network.host();
    network.arrives = to -> !to.equals(server.address);
    // Whoever sits on the way sees the number of the question, but not who answers it.
    network.listens =
        request -> {
          StunMessage asked = StunMessage.decode(request);
          liar.send(ByteBuffer.wrap(asked.success(liar.address).encode()), host.address);
        };
    IOException failure =
        assertThrows(
            IOException.class, () -> host.agent.reflexive(server.address, Duration.ofMillis(300)));
    assertTrue(String.valueOf(failure.getMessage()).contains("does not answer"));
  }

  @Test
  void nodesBehindPortRestrictedNatsReachEachOther() throws Exception {
    Host a = network.host(ENDPOINT_INDEPENDENT, ADDRESS_AND_PORT_DEPENDENT);
    Host b = network.host(ENDPOINT_INDEPENDENT, ADDRESS_AND_PORT_DEPENDENT);
    assertEquals(reflexive(b), found(a, b, PATIENCE));
  }

  @Test
  void aPeerBehindASymmetricNatIsFoundByItsChecks() throws Exception {
    Host a = network.host(ENDPOINT_INDEPENDENT, ENDPOINT_INDEPENDENT);
    Host b = network.host(ADDRESS_AND_PORT_DEPENDENT, ADDRESS_AND_PORT_DEPENDENT);
    Candidate found = found(a, b, PATIENCE);
    assertEquals(Candidate.Kind.PEER_REFLEXIVE, found.kind());
    assertNotEquals(reflexive(b).address(), found.address());
  }

  @Test
  void aNodeBehindASymmetricNatReachesOneThatFiltersNothing() throws Exception {
    Host a = network.host(ADDRESS_AND_PORT_DEPENDENT, ADDRESS_AND_PORT_DEPENDENT);
    Host b = network.host(ENDPOINT_INDEPENDENT, ENDPOINT_INDEPENDENT);
    assertEquals(reflexive(b), found(a, b, PATIENCE));
  }

  @Test
  void symmetricAndPortRestrictedCannotMeet() {
    Host a = network.host(ENDPOINT_INDEPENDENT, ADDRESS_AND_PORT_DEPENDENT);
    Host b = network.host(ADDRESS_AND_PORT_DEPENDENT, ADDRESS_AND_PORT_DEPENDENT);
    assertThrows(ExecutionException.class, () -> found(a, b, Duration.ofMillis(300)));
  }

  @Test
  void whoDoesNotKnowTheTokenBecomesNoCandidate() throws Exception {
    Host a = network.host();
    Host b = network.host();
    Host stranger = network.host();
    InetSocketAddress nowhere = new InetSocketAddress(server.address.getAddress(), 1);
    Candidate unreachable = new Candidate(Candidate.Kind.HOST, nowhere);
    try (Checks here = a.agent.check(token, List.of(unreachable), PATIENCE);
        Checks strange =
            stranger.agent.check(
                CheckToken.random(random),
                List.of(new Candidate(Candidate.Kind.HOST, a.address)),
                PATIENCE);
        Checks there =
            b.agent.check(
                token, List.of(new Candidate(Candidate.Kind.HOST, a.address)), PATIENCE)) {
      // Strangers are answered like by any STUN server.
      assertEquals(
          a.address, strange.reachable().get(PATIENCE.toSeconds(), TimeUnit.SECONDS).address());
      assertEquals(
          b.address, here.reachable().get(PATIENCE.toSeconds(), TimeUnit.SECONDS).address());
      assertEquals(Optional.empty(), here.find(stranger.address));
      assertTrue(there.find(a.address).isPresent());
    }
  }

  @Test
  void closedChecksEnd() {
    Host a = network.host();
    Checks checks =
        a.agent.check(
            token, List.of(new Candidate(Candidate.Kind.HOST, network.host().address)), PATIENCE);
    checks.close();
    checks.close();
    assertTrue(checks.ended().isDone());
  }
}
