package dev.godwit.webrtc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.identity.Identity;
import dev.godwit.internet.Host;
import dev.godwit.internet.NatKind;
import dev.godwit.stream.ByteStream;
import dev.godwit.stream.Connection;
import dev.godwit.stream.Connection.Urgency;
import dev.godwit.stream.Path.Kind;
import dev.godwit.testing.Patience;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Translators that cannot be punched, and a TURN server. */
class WebRtcRelayTest {
  private static final String SECRET = "north by north";
  private static final Duration DIAL = Patience.seconds(20);

  /** A way that is there is found in less. */
  private static final Duration NO_WAY = Duration.ofSeconds(5);

  private final SecureRandom random = new SecureRandom();
  private final Identity bobsKey = Identity.generate(random);
  private final LinkedBlockingQueue<Connection> accepted = new LinkedBlockingQueue<>();
  @TempDir private Path folder;
  private WebRtcWorld world;
  private String turn;
  private Process server;

  @BeforeEach
  void open() throws IOException {
    world = new WebRtcWorld();
    Host host = world.internet().host("turn");
    String address = host.address().getHostAddress();
    turn = "turn:" + address + ":3478?transport=udp";
    server =
        host.command(
                List.of(
                    "turnserver",
                    "-n",
                    "--listening-ip=" + address,
                    "--relay-ip=" + address,
                    "--use-auth-secret",
                    "--static-auth-secret=" + SECRET,
                    "--realm=godwit",
                    "--no-tls",
                    "--no-dtls",
                    "--no-cli",
                    "--log-file=stdout",
                    "--simple-log",
                    "--pidfile=" + folder.resolve("turn.pid")))
            .redirectErrorStream(true)
            .start();
    awaitServer();
  }

  private void awaitServer() throws IOException {
    BufferedReader output =
        new BufferedReader(new InputStreamReader(server.getInputStream(), StandardCharsets.UTF_8));
    StringBuilder said = new StringBuilder();
    for (String line = output.readLine(); line != null; line = output.readLine()) {
      said.append(line).append('\n');
      if (line.contains("(admin thread)")) {
        Thread.startVirtualThread(() -> output.lines().forEach(ignored -> {}));
        return;
      }
    }
    throw new IOException("the TURN server ended:\n" + said);
  }

  @AfterEach
  void close() throws Exception {
    try {
      world.close();
    } finally {
      server.destroyForcibly().waitFor();
    }
  }

  private WebRtcTransport transport(Identity identity, String name, WebRtcSettings settings)
      throws IOException {
    return world.transport(identity, world.internet().host(name, NatKind.SYMMETRIC), settings);
  }

  private WebRtcSettings relayed(Instant expiry) {
    IceServer relay = TurnCredentials.until(expiry, "godwit", SECRET).at(turn);
    return WebRtcSettings.LOCAL.with(() -> List.of(relay)).with(IcePolicy.RELAY_ONLY);
  }

  private Connection dial(WebRtcSettings settings, Duration patience) throws IOException {
    WebRtcTransport alice = transport(Identity.generate(random), "alice", settings);
    transport(bobsKey, "bob", settings).listen(accepted::add);
    return alice.dial(bobsKey.id(), List.of("bob"), patience);
  }

  @Test
  void theServerRelaysBetweenSymmetricTranslators() throws Exception {
    try (Connection here = dial(relayed(Instant.now().plusSeconds(600)), DIAL)) {
      assertEquals(Kind.RELAY, here.path().kind());
      assertEquals("webrtc", here.path().transport());
      Connection there = accepted.poll(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS);
      assertTrue(there != null);
      there.serve(
          stream -> {
            ByteBuffer all = ByteBuffer.allocate(1 << 20);
            stream.readFully(all);
            assertEquals(-1, stream.read(ByteBuffer.allocate(1)));
            stream.write(all.flip());
            stream.finish();
          });
      ByteStream stream = here.open(Urgency.DEMAND);
      stream.timeout(Patience.seconds(20));
      byte[] sent = new byte[1 << 20];
      random.nextBytes(sent);
      stream.write(ByteBuffer.wrap(sent));
      stream.finish();
      ByteBuffer back = ByteBuffer.allocate(1 << 20);
      stream.readFully(back);
      assertEquals(ByteBuffer.wrap(sent), back.flip());
    }
  }

  @Test
  void credentialsThatHaveExpiredRelayNothing() {
    IOException failure =
        assertThrows(
            IOException.class, () -> dial(relayed(Instant.now().minusSeconds(60)), NO_WAY));
    assertTrue(
        String.valueOf(failure.getMessage()).contains(bobsKey.id().shortForm()),
        failure::getMessage);
  }
}
