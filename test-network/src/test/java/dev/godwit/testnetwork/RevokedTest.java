package dev.godwit.testnetwork;

import static dev.godwit.testnetwork.World.PATIENCE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.cli.ExitStatus;
import dev.godwit.demo.ChildProcess;
import dev.godwit.testing.Patience;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Members that are shut out while they are connected, by another process of the node. */
class RevokedTest extends MeshForEach {
  private static final long PONGS_IN_A_SECOND = 20;

  /** Asks without end, twenty times a second. */
  private static ChildProcess ping(Member by, String whom, String transport) throws Exception {
    String[] often = {"ping", whom, "--count", "100000", "--interval", "50ms"};
    String[] how = {"--transport", transport, "--listen", World.LOOPBACK};
    return by.start(Stream.of(often, how).flatMap(Stream::of).toArray(String[]::new));
  }

  @ParameterizedTest
  @ValueSource(strings = {"quic", "tls", "webrtc", "relay"})
  void aConnectionOfARevokedMemberIsCut(String transport) throws Exception {
    try (ChildProcess up = alice.start("up", "--listen", World.LOOPBACK)) {
      up.await("ready", PATIENCE);
      try (ChildProcess ping = ping(bob, "alice", transport)) {
        ping.await("pong", PATIENCE);
        alice.run("mesh", "revoke", "bob").succeeded();
        assertEquals(ExitStatus.NOT_ALLOWED.code(), ping.awaitEnd(PATIENCE), ping::complaints);
        assertTrue(ping.complaints().contains("revoked"), ping::complaints);
      }
    }
  }

  @Test
  void aMountOfARevokedMemberReadsNothingMore() throws Exception {
    Path file = StateFile.random(world.path("state"), 8 << 20, 4);
    Path at = world.path("mounted");
    try (ChildProcess _ = alice.seed("state", file);
        ChildProcess mount =
            bob.start("mount", "alice/state", at.toString(), "--direct", "--read-only")) {
      mount.await("ready", PATIENCE);
      world.programs().run("dd", "if=" + at, "of=/dev/null", "bs=64k", "count=1").succeeded();
      alice.run("mesh", "revoke", "bob").succeeded();
      Outcome read =
          world
              .programs()
              .run("timeout", "150", "dd", "if=" + at, "of=/dev/null", "bs=64k", "skip=64");
      assertTrue(read.status() != 0, read::toString);
    }
  }

  /** The owner would go on to answer: whom it answers has not been revoked. */
  @ParameterizedTest
  @ValueSource(strings = {"quic", "tls"})
  void aRevokedOwnerIsNotReadFromASecondLater(String transport) throws Exception {
    try (ChildProcess up = bob.start("up", "--listen", World.LOOPBACK)) {
      up.await("ready", PATIENCE);
      try (ChildProcess ping = ping(alice, "bob", transport)) {
        ping.await("pong", PATIENCE);
        alice.run("mesh", "revoke", "bob").succeeded();
        long before = pongs(ping);
        assertTrue(ping.awaitEnd(PATIENCE) != ExitStatus.DONE.code(), ping::complaints);
        assertTrue(ping.complaints().contains("revoked"), ping::complaints);
        long after = pongs(ping) - before;
        assertTrue(after <= PONGS_IN_A_SECOND * Patience.factor(), after + " pongs");
      }
    }
  }

  private static long pongs(ChildProcess ping) {
    return ping.events().stream().filter(event -> "pong".equals(event.get("event"))).count();
  }
}
