package dev.godwit.testnetwork;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.cli.ExitStatus;
import dev.godwit.demo.ChildProcess;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process of a node that was stopped, as by Ctrl-Z, and what the others say of it. */
class SilentProcessTest {
  @Test
  void aStoppedProcessIsNamedAndNobodyWaitsForIt(@TempDir Path directory) throws Exception {
    try (World world = World.in(directory)) {
      Member alice = world.mesh("alice").getFirst();
      ChildProcess up = alice.start("up", "--listen", World.LOOPBACK);
      up.await("ready", World.PATIENCE);
      world.signal("STOP", up.pid());
      try {
        String said = "Process " + up.pid() + " of this node does not answer: it is stopped";
        Outcome status = alice.run("status").succeeded();
        assertTrue(status.out().contains(said), status::out);
        assertTrue(status.out().contains("kill -CONT " + up.pid()), status::out);
        Outcome list = alice.run("mount", "--list", "--json").succeeded();
        assertTrue(
            list.out()
                .contains(
                    "{\"event\":\"process\",\"pid\":" + up.pid() + ",\"state\":\"not answering\"}"),
            list::out);
        Expect.refused(
            ExitStatus.FAILED,
            alice.run("umount", world.path("a b").toString()),
            "No mount of this node is at",
            said);
      } finally {
        world.signal("CONT", up.pid());
      }
    }
  }
}
