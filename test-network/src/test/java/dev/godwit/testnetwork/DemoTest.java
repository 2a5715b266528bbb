package dev.godwit.testnetwork;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.cli.ExitStatus;
import dev.godwit.demo.ChildProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code godwit demo}. */
class DemoTest {
  private World world;

  @BeforeEach
  void begin(@TempDir Path directory) throws Exception {
    world = World.in(directory);
  }

  @AfterEach
  void nothingIsLeftBehind() throws Exception {
    try (World _ = world) {
      nothingRunsAndNothingIsThere();
    }
  }

  @Test
  void itMovesARunningProgramAndProvesThatNothingIsLost() throws Exception {
    ChildProcess demo = world.start("demo", "--size", "32M");
    assertEquals(0, demo.awaitEnd(World.PATIENCE), demo::complaints);
    Map<String, String> result = demo.events().getLast();
    assertEquals("result", result.get("event"));
    assertEquals("true", result.get("ok"));
    assertEquals("quic", result.get("transport"));
    assertTrue(result.getOrDefault("path", "").startsWith("direct quic"), result::toString);
    assertEquals("0", result.get("recordsLost"));
    assertTrue(number(result, "recordsBefore") > 0, result::toString);
    assertTrue(number(result, "recordsAfter") > 0, result::toString);
    assertEquals(
        number(result, "recordsWritten"),
        number(result, "recordsBefore") + number(result, "recordsAfter"));
    assertTrue(number(result, "rounds") > 0, result::toString);
    assertTrue(number(result, "bytes") > 0, result::toString);
    assertTrue(number(result, "downtimeMs") > 0, result::toString);
    assertEquals("", demo.complaints());
  }

  @Test
  void itCanBeginWithARealFileWhichItDoesNotTouch() throws Exception {
    Path file = StateFile.random(world.path("state"), (16 << 20) + 1234, 3);
    String sha256 = StateFile.sha256(file);
    ChildProcess demo = world.start("demo", "--state", file.toString(), "--write-rate", "4M");
    assertEquals(0, demo.awaitEnd(World.PATIENCE), demo::complaints);
    Map<String, String> result = demo.events().getLast();
    assertEquals("true", result.get("ok"), result::toString);
    assertEquals("0", result.get("recordsLost"), result::toString);
    assertEquals(sha256, StateFile.sha256(file));
  }

  @Test
  void stoppedInTheMiddleItLeavesNothingBehind() throws Exception {
    ChildProcess demo = world.start("demo", "--size", "32M");
    demo.await("writing", World.PATIENCE);
    assertEquals(ExitStatus.INTERRUPTED.code(), demo.stop(), demo::complaints);
  }

  @Test
  void stoppedAnywhereItLeavesNothingBehind() throws Exception {
    for (String event : List.of("hub", "writing", "progress", "checking")) {
      ChildProcess demo = world.start("demo", "--size", "32M", "--write-rate", "1M");
      demo.await(event, World.PATIENCE);
      assertEquals(ExitStatus.INTERRUPTED.code(), demo.stop(World.PATIENCE), demo::complaints);
      assertEquals(": godwit: Stopped.", demo.complaints(), event);
      nothingRunsAndNothingIsThere();
    }
  }

  @Test
  void whoAsksTwiceIsToldWhatIsLeft() throws Exception {
    ChildProcess demo = world.start("demo", "--size", "32M");
    demo.await("writing", World.PATIENCE);
    Path folder = folder();
    // Nobody can delete it, so that the first wish takes its time.
    world.programs().run("chattr", "+i", folder.resolve("alice/state").toString()).succeeded();
    try {
      world.signal("TERM", demo.pid());
      demo.await("step", step -> "ending".equals(step.get("step")), World.PATIENCE);
      world.signal("TERM", demo.pid());
      assertEquals(ExitStatus.INTERRUPTED.code(), demo.awaitEnd(World.PATIENCE));
      assertEquals(
          ": godwit: Stopped. What the demo made is still in " + folder + "; delete it.",
          demo.complaints());
      assertFalse(Files.exists(folder.resolve("alice/identity.pem")));
    } finally {
      world.programs().run("chattr", "-i", folder.resolve("alice/state").toString()).succeeded();
      world.programs().run("rm", "-r", folder.toString()).succeeded();
    }
  }

  private Path folder() throws Exception {
    try (Stream<Path> all = Files.list(world.temporary())) {
      return all.filter(path -> path.getFileName().toString().startsWith("godwit-demo"))
          .findFirst()
          .orElseThrow();
    }
  }

  private void nothingRunsAndNothingIsThere() throws Exception {
    assertEquals(Map.of(), world.running());
    try (Stream<Path> left = Files.list(world.temporary())) {
      assertEquals(List.of(), left.toList());
    }
  }

  private static double number(Map<String, String> event, String member) {
    return Double.parseDouble(event.getOrDefault(member, "missing"));
  }
}
