package dev.godwit.webrtc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.identity.Identity;
import dev.godwit.internet.Host;
import dev.godwit.internet.NatKind;
import dev.godwit.stream.Connection;
import dev.godwit.stream.Path.Kind;
import dev.godwit.testing.Patience;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two nodes without anything in between. */
class WebRtcMeetingTest {
  private static final Duration DIAL = Patience.seconds(20);

  private final SecureRandom random = new SecureRandom();
  private final Identity alicesKey = Identity.generate(random);
  private final Identity bobsKey = Identity.generate(random);
  private final LinkedBlockingQueue<Connection> accepted = new LinkedBlockingQueue<>();
  private WebRtcWorld world;
  private Host bobHost;
  private WebRtcTransport alice;
  private WebRtcTransport bob;

  @BeforeEach
  void open() throws IOException {
    world = new WebRtcWorld();
    bobHost = world.internet().host("bob", NatKind.NONE);
    alice = world.transport(alicesKey, world.internet().host("alice"), WebRtcSettings.LOCAL);
    bob = world.transport(bobsKey, bobHost, WebRtcSettings.LOCAL);
    alice.listen(accepted::add);
    bob.listen(accepted::add);
  }

  @AfterEach
  void close() throws IOException {
    world.close();
  }

  @Test
  void thePathTellsThePeersAddress() throws Exception {
    Connection connection = alice.dial(bobsKey.id(), List.of("bob"), DIAL);
    assertEquals(Kind.DIRECT, connection.path().kind());
    assertTrue(
        connection.path().remote().startsWith(bobHost.address().getHostAddress() + ":"),
        connection.path()::toString);
  }

  @Test
  void bothMayDialAtTheSameTime() throws Exception {
    CompletableFuture<Connection> bobs = new CompletableFuture<>();
    Thread.startVirtualThread(
        () -> {
          try {
            bobs.complete(bob.dial(alicesKey.id(), List.of("alice"), DIAL));
          } catch (IOException e) {
            bobs.completeExceptionally(e);
          }
        });
    Connection alices = alice.dial(bobsKey.id(), List.of("bob"), DIAL);
    assertTrue(alices.isOpen());
    assertTrue(bobs.get(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS).isOpen());
    for (int i = 0; i < 2; i++) {
      assertNotNull(accepted.poll(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS));
    }
  }

  @Test
  void theFirstAddressThatWorksWins() throws Exception {
    Connection connection = alice.dial(bobsKey.id(), List.of("nowhere", "bob"), DIAL);
    assertEquals(bobsKey.id(), connection.peer());
  }
}
