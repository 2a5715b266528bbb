package dev.godwit.testnetwork;

import static dev.godwit.testnetwork.World.PATIENCE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.cli.ExitStatus;
import dev.godwit.demo.ChildProcess;
import dev.godwit.testing.Patience;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.RepeatedTest;
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

  @RepeatedTest(4)
  void whoIsStoppedWhileLibrariesAreUnpackedLeavesNoneOfThem(@TempDir Path empty) throws Exception {
    Path here = Files.createDirectory(empty.resolve("here"));
    Path temporary = Files.createDirectory(empty.resolve("temporary"));
    ProcessBuilder builder =
        world
            .programs()
            .builder(world.command("seed", "one", "--from", world.path("state").toString()))
            .directory(here.toFile())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD);
    builder.environment().put("GODWIT_JAVA_OPTS", "-Djava.io.tmpdir=" + temporary);
    Process seed = builder.start();
    try {
      Patience.until("it unpacks", () -> !names(temporary).isEmpty());
      seed.destroy();
      assertTrue(seed.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS));
      assertEquals(List.of(), names(here));
      assertEquals(List.of(), names(temporary));
    } finally {
      seed.destroyForcibly();
    }
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.map(Path::toString).toList();
    }
  }
}
