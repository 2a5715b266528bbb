package dev.godwit.testnetwork;

import static dev.godwit.testnetwork.World.PATIENCE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.demo.ChildProcess;
import dev.godwit.internet.Internet;
import dev.godwit.internet.Lan;
import dev.godwit.internet.LanHost;
import dev.godwit.membership.MeshId;
import dev.godwit.membership.MeshKey;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nodes on one Ethernet find those of their mesh, and nobody else, without any server. */
class LanDiscoveryTest {
  private final SecureRandom random = new SecureRandom();
  private final MeshId mesh = MeshKey.generate(random).id();

  @TempDir Path directory;
  private Internet internet;
  private Lan lan;

  @BeforeEach
  void begin() throws Exception {
    internet = Internet.create();
    lan = internet.lan("home");
  }

  @AfterEach
  void end() throws Exception {
    internet.close();
  }

  private ChildProcess node(LanHost host, String name, MeshId of, int port) throws IOException {
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            LanNode.class.getName(),
            of.toString(),
            Integer.toString(port),
            Integer.toString(port + 1));
    return ChildProcess.start(
        name, directory, new ProcessBuilder(host.command(command)), event -> {});
  }

  private static void finds(ChildProcess node, LanHost other, int port) throws Exception {
    String address = other.address().getHostAddress();
    Map<String, String> peer = node.await("peer", PATIENCE);
    assertEquals(address + ":" + port, peer.get("quic"));
    assertEquals(address + ":" + (port + 1), peer.get("tls"));
  }

  @Test
  void membersOfTwoMeshesFindTheirOwnOnly() throws Exception {
    MeshId otherMesh = MeshKey.generate(random).id();
    LanHost a = lan.host("a");
    LanHost b = lan.host("b");
    LanHost c = lan.host("c");
    LanHost d = lan.host("d");
    try (ChildProcess alice = node(a, "alice", mesh, 4000);
        ChildProcess carol = node(c, "carol", otherMesh, 6000);
        ChildProcess bob = node(b, "bob", mesh, 5000);
        ChildProcess dave = node(d, "dave", otherMesh, 7000)) {
      finds(alice, b, 5000);
      finds(bob, a, 4000);
      finds(carol, d, 7000);
      finds(dave, c, 6000);
      for (ChildProcess node : List.of(alice, bob, carol, dave)) {
        assertEquals(
            1, node.events().stream().filter(LanDiscoveryTest::isPeer).count(), node::toString);
      }
    }
  }

  private static boolean isPeer(Map<String, String> event) {
    return "peer".equals(event.get("event"));
  }

  @Test
  void whoSaysGoodbyeIsForgotten() throws Exception {
    LanHost a = lan.host("a");
    LanHost b = lan.host("b");
    try (ChildProcess alice = node(a, "alice", mesh, 4000);
        ChildProcess bob = node(b, "bob", mesh, 5000)) {
      finds(alice, b, 5000);
      assertTrue(ProcessHandle.of(bob.pid()).orElseThrow().destroy());
      assertEquals(143, bob.awaitEnd(PATIENCE), bob::complaints);
      bob.await("closed", PATIENCE);
      alice.await(
          "nobody",
          event -> "peers".equals(event.get("event")) && "0".equals(event.get("count")),
          PATIENCE);
    }
  }
}
