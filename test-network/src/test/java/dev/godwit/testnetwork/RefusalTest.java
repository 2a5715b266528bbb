package dev.godwit.testnetwork;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.godwit.cli.ExitStatus;
import dev.godwit.demo.ChildProcess;
import dev.godwit.node.LeechOptions;
import dev.godwit.node.Node;
import dev.godwit.node.NodeException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Migrations that are refused, and leave the source as it was. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RefusalTest {
  private static final long LARGE = 96 << 20;

  private World world;
  private Member alice;
  private Member bob;
  private Member carol;
  private Member mallory;
  private Member marvin;
  private Offer offer;

  @BeforeAll
  void begin(@TempDir Path directory) throws Exception {
    world = World.in(directory);
    var members = world.mesh("alice", "bob", "carol", "mallory", "marvin");
    alice = members.get(0);
    bob = members.get(1);
    carol = members.get(2);
    mallory = members.get(3);
    marvin = members.get(4);
    offer = Offer.of(world, alice, "state");
  }

  @AfterEach
  void theSourceIsUntouched() throws Exception {
    assertFalse(
        offer.process().events().stream()
            .anyMatch(event -> "handed-over".equals(event.get("state"))));
    assertEquals(offer.sha256(), StateFile.sha256(offer.file()));
  }

  @AfterAll
  void end() throws Exception {
    try (World _ = world) {
      offer.assertUntouched();
    }
  }

  private Path target() {
    return world.path("target");
  }

  @Test
  void anUnknownNode() throws Exception {
    Expect.refused(
        ExitStatus.UNREACHABLE,
        bob.runLeech("nobody/state", target()),
        "No node 'nobody' is there",
        "godwit peers");
    assertFalse(Files.exists(target()));
  }

  @Test
  void aNodeWhoseProcessDoesNotAnswer() throws Exception {
    try (Offer silent = Offer.of(world, carol, "silent")) {
      long pid = silent.process().pid();
      world.signal("STOP", pid);
      try {
        Expect.refused(
            ExitStatus.UNREACHABLE,
            bob.runLeech("carol/silent", target()),
            "No node 'carol' has answered. One process is there and did not say who it is");
      } finally {
        world.signal("CONT", pid);
      }
    }
    assertFalse(Files.exists(target()));
  }

  @Test
  void aNodeInNoMesh() throws Exception {
    Expect.refused(
        ExitStatus.NOT_ALLOWED,
        world.stranger("stranger").runLeech("alice/state", target()),
        "in no mesh yet",
        "godwit mesh join");
  }

  @Test
  void aResourceThatDoesNotExist() throws Exception {
    Expect.refused(
        ExitStatus.FAILED,
        bob.runLeech("alice/stale", target()),
        "alice offers no resource 'stale'",
        "it offers state");
    assertFalse(Files.exists(target()));
  }

  @Test
  void aResourceThatIsOnItsWayToSomebodyElse() throws Exception {
    Path target = world.path("busy-first");
    try (Offer busy = Offer.of(world, alice, "busy", LARGE);
        ChildProcess first = bob.leech("alice/busy", target)) {
      busy.awaitState("tracking");
      world.signal("STOP", first.pid());
      Expect.refused(
          ExitStatus.FAILED,
          carol.runLeech("alice/busy", world.path("busy-second")),
          "already being migrated");
      world.signal("CONT", first.pid());
      assertEquals(0, first.awaitEnd(World.PATIENCE), first::complaints);
      assertEquals(busy.sha256(), StateFile.sha256(target));
    }
  }

  @Test
  void aRevokedNodeFromItsNextCommandOn() throws Exception {
    alice.run("mesh", "revoke", "mallory").succeeded();
    Expect.refused(
        ExitStatus.NOT_ALLOWED, mallory.runLeech("alice/state", target()), "This node was revoked");
    assertFalse(Files.exists(target()));
  }

  @Test
  void aRevokedNodeThatRunsAlready() throws Exception {
    try (Node running = Node.start(marvin.nodeHome(), World.loopback())) {
      alice.run("mesh", "revoke", "marvin").succeeded();
      NodeException refusal =
          assertThrows(
              NodeException.class,
              () -> running.leech(LeechOptions.of("alice/state", target())).close());
      assertEquals(NodeException.Kind.NOT_ALLOWED, refusal.kind(), refusal::toString);
    }
    assertFalse(Files.exists(target()));
  }

  @Test
  void aMemberThatMayNotMigrate() throws Exception {
    Member reader = world.stranger("reader");
    ChildProcess invite = alice.start("mesh", "invite", "reader", "--no-wait", "--grant", "*=read");
    String ticket = invite.await("ticket", World.PATIENCE).getOrDefault("ticket", "");
    reader.runWith(ticket, "mesh", "join").succeeded();
    Expect.refused(
        ExitStatus.NOT_ALLOWED, reader.runLeech("alice/state", target()), "alice refuses");
    assertFalse(Files.exists(target()));
  }

  @Test
  void aResourceThatThisNodeOffersAlready() throws Exception {
    Expect.refused(
        ExitStatus.FAILED,
        alice.runSeed("state", offer.file()),
        "Another process of this node offers 'state' already");
    Expect.refused(
        ExitStatus.FAILED,
        alice.runSeed("another-name", offer.file()),
        "Another godwit process uses " + offer.file());
  }

  @Test
  void stateThatDoesNotExist() throws Exception {
    Expect.refused(
        ExitStatus.FAILED, alice.runSeed("missing", world.path("missing")), "There is no file");
  }

  @Test
  void aDeviceSocketThatIsInUse() throws Exception {
    Path file = StateFile.random(world.path("other"), 1 << 20, 1);
    Expect.refused(
        ExitStatus.FAILED,
        alice.runSeed("other", file, "--device", "nbd:unix:" + offer.socket()),
        offer.socket().toString(),
        "in use");
  }
}
