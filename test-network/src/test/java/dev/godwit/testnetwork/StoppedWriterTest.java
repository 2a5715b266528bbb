package dev.godwit.testnetwork;

import static dev.godwit.testnetwork.World.PATIENCE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.demo.ChildProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A mount whose process stood still for longer than its lease, while somebody else wrote. */
class StoppedWriterTest extends MeshForAll {
  private static final int BLOCK = 4096;
  private static final Set<String> ANSWERS = Set.of("ready", "result");

  private Outcome write(Path at, int block) throws Exception {
    return world
        .programs()
        .run(
            "dd",
            "if=/dev/zero",
            "of=" + at,
            "bs=" + BLOCK,
            "seek=" + block,
            "count=1",
            "conv=notrunc,fsync");
  }

  /** Until the lease of the first has run out. */
  private ChildProcess otherWriter(Path at) throws Exception {
    while (true) {
      ChildProcess mount = bob.start("mount", "alice/shared", at.toString(), "--direct");
      String event =
          mount
              .await(
                  "ready or refused",
                  told -> ANSWERS.contains(String.valueOf(told.get("event"))),
                  PATIENCE)
              .get("event");
      if ("ready".equals(event)) {
        return mount;
      }
      mount.close();
    }
  }

  @Test
  void promisesNothingAfterItsLeaseWentToSomebodyElse() throws Exception {
    Path state = world.path("state");
    byte[] before = new byte[64 * BLOCK];
    Arrays.fill(before, (byte) 1);
    Files.write(state, before);
    Path at = world.path("local");
    Path elsewhere = world.path("direct");
    try (ChildProcess _ = alice.seed("shared", state);
        ChildProcess mount =
            bob.start("mount", "alice/shared", at.toString(), "--durability", "local")) {
      mount.await("ready", PATIENCE);
      write(at, 1).succeeded();
      while (bob.run("mount", "--list").succeeded().out().contains("not saved")) {
        Thread.onSpinWait();
      }
      world.signal("STOP", mount.pid());
      try (ChildProcess other = otherWriter(elsewhere)) {
        write(elsewhere, 2).succeeded();
        bob.run("umount", elsewhere.toString()).succeeded();
        assertEquals(0, other.awaitEnd(PATIENCE), other::complaints);
      }
      world.signal("CONT", mount.pid());
      Outcome promised = write(at, 3);
      assertTrue(promised.status() != 0, "it was promised");
      Outcome umount = bob.run("umount", at.toString());
      assertEquals(5, umount.status(), umount::err);
      assertEquals(5, mount.awaitEnd(PATIENCE));
      assertTrue(
          mount.complaints().contains("at the same places (bytes " + 3 * BLOCK + "-"),
          mount::complaints);
    }
    byte[] there = Files.readAllBytes(state);
    Arrays.fill(before, BLOCK, 3 * BLOCK, (byte) 0);
    assertArrayEquals(before, there);
  }
}
