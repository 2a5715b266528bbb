package dev.godwit.quic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.identity.Identity;
import dev.godwit.path.Candidate;
import dev.godwit.path.CheckToken;
import dev.godwit.path.Checks;
import dev.godwit.stream.Connection;
import dev.godwit.stream.Path;
import dev.godwit.testing.Patience;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class PunchingTest {
  private static final Duration PATIENCE = Patience.seconds(10);

  private final SecureRandom random = new SecureRandom();
  private final CheckToken token = CheckToken.random(random);
  private final Identity alice = Identity.generate(random);
  private final Identity bob = Identity.generate(random);
  private final LinkedBlockingQueue<Connection> accepted = new LinkedBlockingQueue<>();
  private QuicTransport here;
  private QuicTransport there;

  @BeforeEach
  void open() throws IOException {
    here = transport(alice);
    there = transport(bob);
    there.listen(accepted::add);
  }

  @AfterEach
  void close() {
    here.close();
    there.close();
  }

  private QuicTransport transport(Identity identity) throws IOException {
    return new QuicTransport(
        identity,
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
        QuicSettings.STANDARD,
        InstantSource.system(),
        random);
  }

  private static List<Candidate> candidates(Candidate.Kind kind, InetSocketAddress... addresses) {
    return Arrays.stream(addresses).map(address -> new Candidate(kind, address)).toList();
  }

  private Path.Kind dial(Candidate.Kind kind) throws Exception {
    try (Checks asked = there.check(token, candidates(kind, here.boundTo()), PATIENCE);
        Checks asking = here.check(token, candidates(kind, there.boundTo()), PATIENCE)) {
      Connection connection = here.dial(bob.id(), asking, PATIENCE);
      assertEquals(bob.id(), connection.peer());
      Connection other = accepted.poll(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS);
      assertTrue(other != null && other.path().kind() == connection.path().kind());
      assertTrue(asked.find(here.boundTo()).isPresent());
      return connection.path().kind();
    }
  }

  @Test
  void theCandidateThatAnswersIsDialled() throws Exception {
    assertEquals(Path.Kind.DIRECT, dial(Candidate.Kind.HOST));
  }

  @Test
  void aWayThroughNatsIsCalledPunched() throws Exception {
    assertEquals(Path.Kind.PUNCHED, dial(Candidate.Kind.REFLEXIVE));
  }

  @Test
  void theSocketLearnsHowItLooksFromOutside() throws Exception {
    assertEquals(here.boundTo(), here.reflexive(there.boundTo(), PATIENCE));
  }

  @Test
  void candidatesThatDoNotAnswerAreNamed() throws Exception {
    try (DatagramSocket silent = new DatagramSocket(0, InetAddress.getLoopbackAddress());
        Checks checks =
            here.check(
                token,
                candidates(Candidate.Kind.HOST, (InetSocketAddress) silent.getLocalSocketAddress()),
                Duration.ofMillis(200))) {
      IOException failure =
          assertThrows(IOException.class, () -> here.dial(bob.id(), checks, PATIENCE));
      assertTrue(String.valueOf(failure.getMessage()).contains("" + silent.getLocalPort()));
    }
  }
}
