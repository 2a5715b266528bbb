package dev.godwit.testnetwork;

import static dev.godwit.testnetwork.World.PATIENCE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.cli.ExitStatus;
import dev.godwit.demo.ChildProcess;
import dev.godwit.signaling.HubAddress;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Carol, who is connected to bob, is revoked by alice while bob cannot hear of it: as soon as he
 * can, she is cut.
 */
class RevokedElsewhereTest {
  private World world;
  private Member alice;
  private Member bob;
  private Member carol;

  @BeforeEach
  void found(@TempDir Path directory) throws Exception {
    world = World.in(directory);
    List<Member> members = world.mesh("alice", "bob", "carol");
    alice = members.get(0);
    bob = members.get(1);
    carol = members.get(2);
  }

  @AfterEach
  void end() throws Exception {
    world.close();
  }

  private ChildProcess ping() throws Exception {
    ChildProcess ping =
        carol.start(
            "ping",
            "bob",
            "--count",
            "100000",
            "--interval",
            "50ms",
            "--transport",
            "quic",
            "--listen",
            World.LOOPBACK);
    ping.await("pong", PATIENCE);
    return ping;
  }

  private static void assertCut(ChildProcess ping) throws Exception {
    assertEquals(ExitStatus.NOT_ALLOWED.code(), ping.awaitEnd(PATIENCE), ping::complaints);
    assertTrue(ping.complaints().contains("revoked"), ping::complaints);
  }

  @Test
  void whoIsRevokedWhileTheHubIsAwayIsCutWhenItIsBack() throws Exception {
    HubAddress hub = world.hub();
    try (ChildProcess up = bob.start("up", "--listen", World.LOOPBACK)) {
      up.await("ready", PATIENCE);
      try (ChildProcess ping = ping()) {
        world.hubProcess().close();
        Outcome revoked = alice.run("mesh", "revoke", "carol");
        assertEquals(ExitStatus.UNREACHABLE.code(), revoked.status(), revoked::toString);
        assertTrue(revoked.err().contains("nobody else knows it yet"), revoked::toString);
        try (ChildProcess again =
                world.start(
                    "hub", "--listen", hub.hostAndPort(), "--data", world.path("hub").toString());
            ChildProcess inviter = alice.start("up", "--listen", World.LOOPBACK)) {
          again.await("ready", PATIENCE);
          inviter.await("ready", PATIENCE);
          assertCut(ping);
        }
      }
    }
  }

  @Test
  void whoIsRevokedWhileTheOtherSideStandsStillIsCutWhenItGoesOn() throws Exception {
    try (ChildProcess up = bob.start("up", "--listen", World.LOOPBACK)) {
      up.await("ready", PATIENCE);
      try (ChildProcess ping = ping()) {
        world.signal("STOP", up.pid());
        alice.run("mesh", "revoke", "carol").succeeded();
        world.signal("CONT", up.pid());
        assertCut(ping);
      }
    }
  }

  @Test
  void aHubThatIsStartedAgainStillKnowsWhoWasRevoked() throws Exception {
    HubAddress hub = world.hub();
    alice.run("mesh", "revoke", "carol").succeeded();
    world.hubProcess().close();
    try (ChildProcess again =
            world.start(
                "hub", "--listen", hub.hostAndPort(), "--data", world.path("hub").toString());
        ChildProcess up = bob.start("up", "--listen", World.LOOPBACK)) {
      again.await("ready", PATIENCE);
      up.await("ready", PATIENCE);
      Outcome ping = carol.run("ping", "bob", "--count", "1", "--listen", World.LOOPBACK);
      assertEquals(ExitStatus.NOT_ALLOWED.code(), ping.status(), ping::toString);
    }
  }
}
