package dev.godwit.testnetwork;

import static dev.godwit.testnetwork.World.PATIENCE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.cli.ExitStatus;
import dev.godwit.demo.ChildProcess;
import dev.godwit.testing.Patience;
import java.io.IOException;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** A hub that is not there, cannot be there, or is talked to by strangers. */
class HubTest extends MeshForEach {
  private static final long LARGE = 128 << 20;

  @Test
  void withoutTheHubNothingNewBegins() throws Exception {
    try (Offer offer = Offer.of(world, alice, "state")) {
      String address = world.hub().toString();
      world.hubProcess().close();
      ChildProcess leech = bob.leech("alice/state", world.path("target"));
      ChildProcess ls = bob.start("ls");
      ChildProcess create = world.stranger("carol").start("mesh", "create", "x", "--hub", address);
      for (ChildProcess command : List.of(leech, ls, create)) {
        Expect.refused(ExitStatus.UNREACHABLE, command, "The hub " + hostAndPort());
      }
      offer.assertUntouched();
    }
  }

  private String hostAndPort() throws Exception {
    return world.hub().hostAndPort();
  }

  @Test
  void aMigrationDoesNotNoticeThatTheHubIsGone() throws Exception {
    try (Offer offer = Offer.of(world, alice, "state", LARGE)) {
      Path target = world.path("target");
      ChildProcess leech = bob.leech("alice/state", target);
      leech.await("pulling", event -> "pulling".equals(event.get("state")), PATIENCE);
      world.hubProcess().close();
      leech.await("complete", PATIENCE);
      assertEquals(0, leech.awaitEnd(PATIENCE), leech::complaints);
      assertEquals(0, offer.process().awaitEnd(PATIENCE), offer.process()::complaints);
      assertEquals(offer.sha256(), StateFile.sha256(target));
      assertTrue(
          leech.events().stream()
              .noneMatch(event -> event.getOrDefault("path", "").startsWith("recovering")));
    }
  }

  @Test
  void whenTheHubComesBackEverythingIsAsBefore() throws Exception {
    try (Offer offer = Offer.of(world, alice, "state")) {
      int port = world.hub().port();
      world.hubProcess().close();
      Patience.until(
          "alice says that the hub is away",
          () -> offer.process().complaints().contains("The hub " + hostAndPort() + " is away: "));
      ChildProcess again =
          world.start(
              "hub", "--listen", "127.0.0.1:" + port, "--data", world.path("hub").toString());
      again.await("ready", PATIENCE);
      Patience.until("alice is back", () -> bob.run("ls").out().contains("alice/state"));
      Patience.until("she says so", () -> offer.process().complaints().contains("is back."));
      bob.runLeech("alice/state", world.path("target")).succeeded();
      assertEquals(offer.sha256(), StateFile.sha256(world.path("target")));
    }
  }

  @Test
  void aPortThatIsTakenIsSaidAndNothingIsLeftBehind() throws Exception {
    String taken = "127.0.0.1:" + world.hub().port();
    Outcome outcome =
        world.run("hub", "--listen", taken, "--data", world.path("second").toString());
    Expect.refused(ExitStatus.FAILED, outcome, taken, "--listen");
    assertFalse(Files.exists(world.path("second")), "a folder for a hub that never was");
    assertTrue(world.hubProcess().isAlive());
  }

  @Test
  void aNodePortThatIsTaken() throws Exception {
    try (Offer offer = Offer.of(world, alice, "state")) {
      String taken = "127.0.0.1:" + udpPort(offer.process());
      Outcome outcome =
          bob.run(
              "leech", "alice/state", "--to", world.path("target").toString(), "--listen", taken);
      Expect.refused(ExitStatus.FAILED, outcome, taken, "in use");
      offer.assertUntouched();
    }
  }

  @Test
  void garbageFromStrangersHurtsNobody() throws Exception {
    try (Offer offer = Offer.of(world, alice, "state", 32 << 20)) {
      long seed = System.nanoTime();
      Random random = new Random(seed);
      int hub = world.hub().port();
      datagrams(random, hub);
      datagrams(random, udpPort(offer.process()));
      connections(random, hub);
      Outcome leech = bob.runLeech("alice/state", world.path("target"));
      assertEquals(0, leech.status(), () -> "seed " + seed + ": " + leech);
      assertEquals(offer.sha256(), StateFile.sha256(world.path("target")));
      assertTrue(world.hubProcess().isAlive());
      assertEquals("", world.hubProcess().complaints(), "seed " + seed);
      assertEquals("", offer.process().complaints(), "seed " + seed);
    }
  }

  /** The UDP port of a node's only socket. */
  private int udpPort(ChildProcess node) throws Exception {
    String sockets = world.programs().run("ss", "-Hulnp").succeeded().out();
    Matcher matcher =
        Pattern.compile("127\\.0\\.0\\.1\\S*?:(\\d+)\\s.*pid=" + node.pid() + ",").matcher(sockets);
    assertTrue(matcher.find(), sockets);
    return Integer.parseInt(matcher.group(1));
  }

  private static void datagrams(Random random, int port) throws IOException {
    try (DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      for (int i = 0; i < 2000; i++) {
        byte[] bytes = new byte[random.nextInt(1400)];
        random.nextBytes(bytes);
        if (bytes.length > 8 && i % 3 == 1) {
          // A long header of QUIC version 1, so that more than the first byte is looked at.
          System.arraycopy(new byte[] {(byte) 0xc3, 0, 0, 0, 1, 8}, 0, bytes, 0, 6);
        } else if (bytes.length > 8 && i % 3 == 2) {
          // A STUN binding request with its magic cookie.
          System.arraycopy(new byte[] {0, 1, 0, 8, 0x21, 0x12, (byte) 0xa4, 0x42}, 0, bytes, 0, 8);
        }
        socket.send(
            new DatagramPacket(bytes, bytes.length, InetAddress.getLoopbackAddress(), port));
      }
    }
  }

  private static void connections(Random random, int port) throws IOException {
    byte[] hello = {0x16, 3, 1, 2, 0, 1, 0, 1, (byte) 0xfc, 3, 3};
    byte[] http = "GET / HTTP/1.1\r\nHost: hub\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    for (int i = 0; i < 60; i++) {
      byte[] noise = new byte[random.nextInt(8192)];
      random.nextBytes(noise);
      try (Socket socket = new Socket()) {
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 5000);
        OutputStream out = socket.getOutputStream();
        out.write(i % 3 == 0 ? hello : i % 3 == 1 ? http : new byte[0]);
        out.write(noise);
        out.flush();
      } catch (SocketException e) {
        // The hub may well hang up in the middle, or not talk to us any more.
        assertTrue(
            String.valueOf(e.getMessage()).matches("(?i).*(reset|broken pipe|closed).*"),
            e::toString);
      }
    }
  }
}
