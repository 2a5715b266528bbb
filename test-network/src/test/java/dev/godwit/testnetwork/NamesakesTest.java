package dev.godwit.testnetwork;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.cli.ExitStatus;
import dev.godwit.demo.ChildProcess;
import dev.godwit.identity.NodeId;
import dev.godwit.membership.Membership;
import dev.godwit.membership.MeshKey;
import dev.godwit.node.NodeHome;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two nodes that are called the same. */
class NamesakesTest {
  private World world;
  private Member alice;

  @BeforeEach
  void begin(@TempDir Path directory) throws Exception {
    world = World.in(directory);
    alice = world.mesh("alice").getFirst();
  }

  @AfterEach
  void end() throws Exception {
    world.close();
  }

  private String ticket() throws Exception {
    try (ChildProcess invite = alice.start("mesh", "invite", "bob", "--no-wait")) {
      return String.valueOf(invite.await("ticket", World.PATIENCE).get("ticket"));
    }
  }

  @Test
  void theSecondOfTwoTicketsForOneNameIsRefused() throws Exception {
    String first = ticket();
    String second = ticket();
    try (ChildProcess up = alice.start("up", "--listen", World.LOOPBACK)) {
      up.await("ready", World.PATIENCE);
      Member bob = world.stranger("bob");
      bob.runWith(first, "mesh", "join").succeeded();
      Expect.refused(
          ExitStatus.NOT_ALLOWED,
          world.stranger("another").runWith(second, "mesh", "join"),
          "another machine has joined as 'bob' meanwhile",
          "new one");
    }
    Expect.refused(
        ExitStatus.FAILED,
        alice.run("mesh", "invite", "bob", "--no-wait"),
        "A member is called 'bob' already",
        "godwit mesh revoke bob");
  }

  /** As a mesh may have them from a time when nobody minded. */
  private NodeId namesake(String folder) throws Exception {
    NodeHome founder = alice.nodeHome();
    MeshKey key = founder.meshKey().orElseThrow();
    NodeHome home = world.stranger(folder).nodeHome();
    NodeId id = home.identity().id();
    home.enter(
        founder.mesh(),
        Membership.issue(
            key,
            id,
            "bob",
            List.of(World.MEMBERS_GRANT),
            InstantSource.system(),
            Duration.ofHours(1),
            new SecureRandom()));
    return id;
  }

  @Test
  void nodesWithOneNameAreToldApartByTheirIds() throws Exception {
    String one = namesake("one").toString();
    String other = namesake("other").toString();
    Path state = StateFile.random(world.path("state"), 1 << 20, 1);
    Path copy = StateFile.random(world.path("copy"), 1 << 20, 1);
    try (ChildProcess _ = world.stranger("one").seed("vm1", state);
        ChildProcess _ = world.stranger("other").seed("vm1", copy)) {
      String listed = alice.run("ls").succeeded().out();
      assertTrue(listed.contains(one) && listed.contains(other), listed);
      Expect.refused(
          ExitStatus.USAGE,
          alice.run("ping", "bob", "--listen", World.LOOPBACK),
          one,
          other,
          "godwit peers");
    }
  }
}
