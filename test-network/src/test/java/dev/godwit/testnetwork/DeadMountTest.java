package dev.godwit.testnetwork;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.demo.ChildProcess;
import dev.godwit.fuse.FuseFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a mount whose process was killed leaves behind, and how one gets rid of it. */
class DeadMountTest {
  private World world;
  private Member bob;
  private ChildProcess seed;
  private Path at;

  @BeforeEach
  void begin(@TempDir Path directory) throws Exception {
    world = World.in(directory);
    List<Member> members = world.mesh("alice", "bob");
    bob = members.get(1);
    seed = members.getFirst().seed("data", StateFile.random(world.path("data.img"), 1 << 20, 3));
    at = world.path("data");
    ChildProcess mount = mount();
    // As a person does; the kernel remembers what a look has shown.
    bob.run("mount", "--list").succeeded();
    var _ = Files.size(at);
    kill(mount);
  }

  private ChildProcess mount() throws Exception {
    ChildProcess mount =
        bob.start("mount", "alice/data", at.toString(), "--listen", World.LOOPBACK);
    mount.await("ready", World.PATIENCE);
    return mount;
  }

  private void kill(ChildProcess mount) throws Exception {
    world.signal("KILL", mount.pid());
    int _ = mount.awaitEnd(World.PATIENCE);
  }

  @AfterEach
  void end() throws Exception {
    try (World _ = world) {
      seed.close();
    }
  }

  @Test
  void aMountIsDeadAlsoAfterItWasListed() throws Exception {
    Outcome list = bob.run("mount", "--list").succeeded();
    assertTrue(list.out().contains("dead  " + at), list::out);
    assertTrue(list.out().contains("godwit umount " + at), list::out);
  }

  @Test
  void aMountWhoseProcessStandsStillIsNotDead() throws Exception {
    ChildProcess again = mount();
    world.signal("STOP", again.pid());
    try {
      assertEquals(List.of(), FuseFile.dead(Duration.ofMillis(200)));
      assertFalse(FuseFile.clearDead(at, Duration.ofMillis(200)));
    } finally {
      world.signal("CONT", again.pid());
    }
    bob.run("umount", at.toString()).succeeded();
    assertEquals(0, again.awaitEnd(World.PATIENCE));
  }

  @Test
  void umountTakesItAway() throws Exception {
    Outcome umount = bob.run("umount", at.toString()).succeeded();
    assertTrue(umount.out().contains("had been killed"), umount::out);
    assertFalse(Files.readString(Path.of("/proc/self/mounts")).contains(at + " "));
    assertFalse(bob.run("mount", "--list").succeeded().out().contains("dead  " + at));
  }

  @Test
  void aNewMountHealsIt() throws Exception {
    ChildProcess again = mount();
    world.programs().run("cmp", world.path("data.img").toString(), at.toString()).succeeded();
    bob.run("umount", at.toString()).succeeded();
    assertEquals(0, again.awaitEnd(World.PATIENCE));
  }
}
