package dev.godwit.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.identity.HubFingerprint;
import dev.godwit.identity.Identity;
import dev.godwit.identity.NodeId;
import dev.godwit.identity.Octets;
import dev.godwit.membership.Membership;
import dev.godwit.membership.MeshKey;
import dev.godwit.membership.Revocations;
import dev.godwit.testing.disk.FailingDisk;
import dev.godwit.testing.disk.FailingDisk.Lasting;
import dev.godwit.ticket.Invitation;
import dev.godwit.ticket.Redemption;
import dev.godwit.ticket.Ticket;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The home of a node that makes a mesh, on a disk that fails at each of its calls in turn. What it
 * has confirmed is there after a loss of power, and whoever it could not confirm is told.
 */
class FailingHomeTest {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final HubFingerprint PRINT = new HubFingerprint(Octets.random(32, RANDOM));
  private static final RememberedMoves.Move MOVE =
      new RememberedMoves.Move(
          Path.of("/dev/sdb"),
          Path.of("/home/disks/serial-7"),
          "state",
          Identity.generate(RANDOM).id(),
          "alice");
  private static final Duration HOUR = Duration.ofHours(1);

  @TempDir private Path directory;

  /** One life of a home, and what it has confirmed. */
  private final class Run {
    private final Path folder;
    private final FailingDisk disk;
    private final NodeId bob = Identity.generate(RANDOM).id();
    private @Nullable NodeId identity;
    private @Nullable MeshKey key;
    private @Nullable Membership membership;
    private @Nullable Membership admitted;
    private @Nullable Ticket ticket;
    private boolean used;
    private boolean moving;
    private long revocations;
    private int refused;

    Run(String name) throws IOException {
      folder = Files.createDirectories(directory.resolve(name));
      disk = FailingDisk.on(folder);
    }

    private interface Step {
      void run() throws IOException;
    }

    private void attempt(Step step) {
      try {
        step.run();
      } catch (IOException e) {
        refused++;
      }
    }

    private static Membership member(MeshKey key, NodeId node, String name) {
      return Membership.issue(key, node, name, List.of(), InstantSource.system(), HOUR, RANDOM);
    }

    void everything() {
      NodeHome home = new NodeHome(disk.root().resolve("home"), RANDOM);
      attempt(() -> key = home.createMeshKey());
      attempt(() -> identity = home.identity().id());
      MeshKey made = key;
      NodeId own = identity;
      if (made == null || own == null) {
        return;
      }
      Membership alice = member(made, own, "alice");
      attempt(
          () -> {
            home.enter(new MeshInfo(made.id(), "lab", List.of("127.0.0.1:1"), PRINT), alice);
            membership = alice;
          });
      Membership guest = member(made, bob, "bob");
      attempt(
          () -> {
            home.admitted(guest);
            admitted = guest;
          });
      attempt(() -> ticket = home.tickets().issue(invitation(made, own), RANDOM));
      Ticket issued = ticket;
      if (issued != null) {
        attempt(
            () ->
                used =
                    home.tickets().redeem(issued.id(), issued.secret(), bob, Instant.now())
                        instanceof Redemption.Accepted);
      }
      for (int i = 0; i < 2; i++) {
        attempt(
            () -> {
              Revocations next =
                  home.revocations(made.id())
                      .revoke(made, Identity.generate(RANDOM).id(), Instant.now());
              home.keep(next);
              revocations = next.version();
            });
      }
      attempt(
          () -> {
            home.moves().begin(MOVE);
            moving = true;
          });
    }

    private static Invitation invitation(MeshKey key, NodeId inviter) {
      return new Invitation(
          key.id(),
          "lab",
          inviter,
          List.of("127.0.0.1:1"),
          PRINT,
          "carol",
          List.of(),
          Instant.now().plus(HOUR));
    }

    /** After the machine is back, with a disk that works. */
    void check(String where) throws IOException {
      NodeHome home = new NodeHome(folder.resolve("home"), RANDOM);
      NodeId own = identity;
      if (own != null) {
        assertEquals(own, home.identity().id(), where);
      }
      MeshKey made = key;
      if (made == null) {
        return;
      }
      assertEquals(made.id(), home.meshKey().orElseThrow().id(), where);
      Membership confirmed = membership;
      if (confirmed != null) {
        assertEquals(confirmed, home.membership(), where);
        assertEquals(made.id(), home.mesh().id(), where);
      }
      Membership guest = admitted;
      if (guest != null) {
        assertTrue(home.members().contains(guest), where);
      }
      assertTrue(home.revocations(made.id()).version() >= revocations, where);
      Ticket issued = ticket;
      if (issued != null) {
        NodeId another = Identity.generate(RANDOM).id();
        Redemption late =
            home.tickets().redeem(issued.id(), issued.secret(), another, Instant.now());
        if (used) {
          assertFalse(late instanceof Redemption.Accepted, where);
        }
      }
      if (moving) {
        assertEquals(List.of(MOVE), home.moves().all(), where);
      }
    }
  }

  @Test
  void whatAHomeHasConfirmedIsThereWhereverItsDiskFails() throws Exception {
    Run good = new Run("good");
    good.everything();
    assertEquals(0, good.refused);
    good.check("");
    int points = 0;
    int told = 0;
    for (Lasting lasting : Lasting.values()) {
      for (int call = 0; call < good.disk.calls().size(); call++) {
        String name = lasting + "-" + call;
        Run run = new Run(name);
        run.disk.failAt(call, lasting);
        run.everything();
        if (run.disk.failures() == 0) {
          continue;
        }
        points++;
        told += run.refused > 0 ? 1 : 0;
        run.disk.repair();
        run.disk.losePower(new Random(call));
        run.check(" after " + name + ": " + run.disk.calls());
      }
    }
    assertTrue(points >= 110, "only " + points + " points");
    assertTrue(told >= points * 9 / 10, told + " of " + points + " were told");
  }
}
