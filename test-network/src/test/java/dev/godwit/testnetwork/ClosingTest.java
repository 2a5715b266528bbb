package dev.godwit.testnetwork;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.godwit.mount.ManagedMount;
import dev.godwit.mount.MountClient;
import dev.godwit.node.LeechOptions;
import dev.godwit.node.MountOptions;
import dev.godwit.node.Node;
import dev.godwit.node.NodeException;
import dev.godwit.node.ResourceName;
import dev.godwit.node.SeedOptions;
import dev.godwit.node.Seeding;
import java.io.Closeable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a program that embeds a node leaves to it to close. */
class ClosingTest extends MeshForEach {
  private Path disk;
  private Path machine;

  @BeforeEach
  void begin() throws Exception {
    disk = StateFile.random(world.path("disk"), 1 << 20, 1);
    machine = StateFile.random(world.path("machine"), 1 << 20, 2);
  }

  private MountOptions mount() throws NodeException {
    return new MountOptions(
        ResourceName.parse("alice/disk"),
        List.of(),
        MountClient.Access.WRITE,
        MountOptions.Kind.MANAGED,
        Optional.of(world.path("cache")),
        ManagedMount.Settings.standard());
  }

  private LeechOptions leech() throws NodeException {
    return LeechOptions.of("alice/machine", world.path("moved"));
  }

  /** Everything again, which is refused while the files are in use. */
  @Test
  void aNodeClosesWhatItStartedSoThatItCanBeStartedAgain() throws Exception {
    List<Closeable> started = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      Node owner = Node.start(alice.nodeHome(), World.loopback());
      started.add(owner.seed(SeedOptions.of("disk", disk)));
      started.add(owner.seed(SeedOptions.of("machine", machine)));
      Node user = Node.start(bob.nodeHome(), World.loopback());
      started.add(user.mount(mount()));
      started.add(user.leech(leech()));
      user.close();
      user.close();
      owner.close();
    }
    for (Closeable one : started.reversed()) {
      one.close();
    }
  }

  @Test
  void whatWasClosedBeforeIsNotClosedAgain() throws Exception {
    try (Node owner = Node.start(alice.nodeHome(), World.loopback())) {
      owner.seed(SeedOptions.of("disk", disk)).close();
      try (Seeding again = owner.seed(SeedOptions.of("disk", disk))) {
        assertEquals(1 << 20, again.size());
      }
    }
  }

  @Test
  void aClosedNodeStartsNothing() throws Exception {
    Node owner = Node.start(alice.nodeHome(), World.loopback());
    owner.close();
    NodeException refused =
        assertThrows(NodeException.class, () -> owner.seed(SeedOptions.of("disk", disk)).close());
    assertEquals("This node has been closed.", refused.getMessage());
    try (Node next = Node.start(alice.nodeHome(), World.loopback())) {
      next.seed(SeedOptions.of("disk", disk)).close();
    }
  }
}
