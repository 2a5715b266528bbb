package dev.godwit.testnetwork;

import static dev.godwit.testnetwork.World.PATIENCE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.cli.ExitStatus;
import dev.godwit.demo.ChildProcess;
import dev.godwit.testing.Patience;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Ending a mount whose owner does not take the last bytes at once. */
class UmountTest extends MeshForEach {
  private Path at;
  private ChildProcess seed;
  private ChildProcess mount;

  @BeforeEach
  void writeWhileTheOwnerStandsStill() throws Exception {
    at = world.path("at");
    seed = alice.seed("vm1", StateFile.random(world.path("state"), 1 << 20, 3));
    mount =
        bob.start("mount", "alice/vm1", at.toString(), "--durability", "local", "--timeout", "10m");
    mount.await("ready", PATIENCE);
    world.programs().run("cmp", at.toString(), world.path("state").toString()).succeeded();
    world.signal("STOP", seed.pid());
    world
        .programs()
        .run("dd", "if=/dev/zero", "of=" + at, "bs=4096", "count=4", "conv=notrunc,fsync")
        .succeeded();
  }

  @AfterEach
  void letItGoOn() throws Exception {
    seed.close();
    mount.close();
  }

  private boolean isBeingSaved() throws Exception {
    return bob.run("mount", "--list").succeeded().out().contains("being saved");
  }

  /** The mount is out of sight then, and its process saves. */
  private void beginToUnmountAndStop() throws Exception {
    ChildProcess umount = bob.start("umount", at.toString());
    Patience.until("it is being saved", this::isBeingSaved);
    assertEquals(ExitStatus.INTERRUPTED.code(), umount.stop(PATIENCE), umount::complaints);
  }

  @Test
  void whoUnmountsAgainAfterCtrlCWaitsLikeTheFirstOne() throws Exception {
    beginToUnmountAndStop();
    ChildProcess again = bob.start("umount", at.toString());
    // Who has no more time waits for as long as a process takes beside saving.
    Outcome hurried = bob.run("umount", at.toString(), "--timeout", "1ms");
    Expect.refused(ExitStatus.NOT_SAVED, hurried, "is still saving (process " + mount.pid() + ")");
    assertTrue(again.isAlive(), again::complaints);
    world.signal("CONT", seed.pid());
    assertEquals(0, again.awaitEnd(PATIENCE), again::complaints);
    assertEquals(0, mount.awaitEnd(PATIENCE), mount::complaints);
    assertEquals(0, Files.readAllBytes(world.path("state"))[4096]);
  }
}
