package dev.godwit.webrtc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.identity.Identity;
import dev.godwit.internet.Host;
import dev.godwit.stream.ByteStream;
import dev.godwit.stream.Connection;
import dev.godwit.stream.Connection.Urgency;
import dev.godwit.testing.Patience;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The WebRTC process dies in the middle of a transfer. */
class WebRtcCrashTest {
  private static final Duration DIAL = Patience.seconds(20);

  private final SecureRandom random = new SecureRandom();
  private final Identity bobsKey = Identity.generate(random);
  private final LinkedBlockingQueue<Connection> accepted = new LinkedBlockingQueue<>();
  private final CountDownLatch flowing = new CountDownLatch(1);
  private WebRtcWorld world;
  private Host aliceHost;
  private Host bobHost;
  private WebRtcTransport alice;

  @BeforeEach
  void open() throws IOException {
    world = new WebRtcWorld();
    aliceHost = world.internet().host("alice");
    bobHost = world.internet().host("bob");
    alice = world.transport(Identity.generate(random), aliceHost, WebRtcSettings.LOCAL);
    world
        .transport(bobsKey, bobHost, WebRtcSettings.LOCAL)
        .listen(
            connection -> {
              accepted.add(connection);
              connection.serve(this::swallow);
            });
  }

  @AfterEach
  void close() throws IOException {
    world.close();
  }

  private void swallow(ByteStream stream) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(1 << 20);
    while (stream.read(buffer.clear()) >= 0) {
      flowing.countDown();
    }
  }

  private Connection dial() throws IOException {
    return alice.dial(bobsKey.id(), List.of("bob"), DIAL);
  }

  /** Writes until that fails, and says why. */
  private static CompletableFuture<String> writeForEver(Connection connection) {
    CompletableFuture<String> failure = new CompletableFuture<>();
    Thread.startVirtualThread(
        () -> {
          try (ByteStream stream = connection.open(Urgency.BULK)) {
            while (true) {
              stream.write(ByteBuffer.allocate(1 << 20));
            }
          } catch (IOException e) {
            failure.complete(String.valueOf(e.getMessage()));
          }
        });
    return failure;
  }

  private static void signal(ProcessHandle process, String signal) throws Exception {
    Process kill =
        new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).inheritIO().start();
    assertEquals(0, kill.waitFor());
  }

  @ParameterizedTest
  @CsvSource({"KILL,9", "ABRT,6"})
  void itsEndIsTheEndOfItsConnectionsOnly(String signal, int number) throws Exception {
    Connection connection = dial();
    CompletableFuture<String> failure = writeForEver(connection);
    assertTrue(flowing.await(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS));
    ProcessHandle before = WebRtcWorld.process(aliceHost);
    signal(before, signal);
    String reason = "connection lost: the WebRTC process ended with signal " + number;
    assertEquals(
        reason, connection.closed().get(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS));
    assertEquals(reason, failure.get(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS));

    CompletableFuture<String> again = writeForEver(dial());
    assertNotEquals(before.pid(), WebRtcWorld.process(aliceHost).pid());
    alice.close();
    assertTrue(
        again
            .get(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS)
            .contains("the node is closing"));
  }

  @Test
  void thePeerNoticesIt() throws Exception {
    Connection connection = dial();
    Connection there = accepted.poll(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS);
    assertNotNull(there);
    assertTrue(connection.isOpen());
    signal(WebRtcWorld.process(aliceHost), "KILL");
    assertNotEquals("", there.closed().get(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS));
  }

  @Test
  void theOneThatListensStartsAnotherForTheNextOffer() throws Exception {
    Connection connection = dial();
    Connection there = accepted.poll(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS);
    assertNotNull(there);
    signal(WebRtcWorld.process(bobHost), "KILL");
    assertEquals(
        "connection lost: the WebRTC process ended with signal 9",
        there.closed().get(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS));
    assertTrue(dial().isOpen());
    connection.close();
  }
}
