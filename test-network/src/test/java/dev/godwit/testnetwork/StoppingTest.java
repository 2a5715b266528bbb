package dev.godwit.testnetwork;

import static dev.godwit.testnetwork.World.PATIENCE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.godwit.cli.ExitStatus;
import dev.godwit.demo.ChildProcess;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands that are stopped while they wait: here for a hub that does not answer. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StoppingTest {
  private World world;
  private Member alice;

  @BeforeAll
  void begin(@TempDir Path directory) throws Exception {
    world = World.in(directory);
    alice = world.mesh("alice", "bob").getFirst();
    StateFile.create(world.path("state"), 4096, 4096, 1);
    world.signal("STOP", world.hubProcess().pid());
  }

  @AfterAll
  void end() throws Exception {
    world.signal("CONT", world.hubProcess().pid());
    world.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ls",
        "peers",
        "doctor",
        "ping bob",
        "up",
        "mesh members",
        "seed one --from state",
        "leech bob/two --to two",
        "mount bob/three three"
      })
  void aCommandThatIsStoppedWhileItWaitsSaysSoAndNothingElse(String command) throws Exception {
    String[] words = command.split(" ");
    for (int i = 1; i < words.length; i++) {
      words[i] = words[i].matches("state|two|three") ? world.path(words[i]).toString() : words[i];
    }
    try (ChildProcess process = alice.start(words)) {
      process.await("first word", _ -> true, PATIENCE);
      // Stopping it would close its output before it has spoken.
      world.signal("TERM", process.pid());
      int status = process.awaitEnd(PATIENCE);
      assertEquals(ExitStatus.INTERRUPTED.code(), status, process::complaints);
      Map<String, String> last = process.events().getLast();
      assertEquals("result", last.get("event"), last::toString);
      assertEquals("Stopped.", last.get("error"), last::toString);
      assertEquals("130", last.get("status"), last::toString);
      assertEquals(": godwit: Stopped.", process.complaints());
    }
  }
}
