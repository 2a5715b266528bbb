package dev.godwit.testnetwork;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.cli.ExitStatus;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The command before it does anything. */
class LauncherTest {
  private World world;

  @BeforeEach
  void begin(@TempDir Path directory) throws Exception {
    world = World.in(directory);
  }

  @Test
  void theVersionIsAllThatVersionPrints() throws Exception {
    Outcome outcome = world.run("--version").succeeded();
    assertTrue(outcome.out().matches("godwit \\d+\\.\\d+\\.\\d+\\S*\\R"), outcome::out);
    assertEquals("", outcome.err());
  }

  @Test
  void helpNamesEveryVerbAndNothingElseIsPrinted() throws Exception {
    Outcome outcome = world.run("--help").succeeded();
    for (String verb : List.of("demo", "hub", "id", "mesh", "seed", "leech", "ls", "peers")) {
      assertTrue(outcome.out().lines().anyMatch(line -> line.startsWith("  " + verb)), verb);
    }
    assertEquals("", outcome.err());
  }

  @ParameterizedTest
  @ValueSource(strings = {"seed", "leech"})
  void verbsHaveHelpToo(String verb) throws Exception {
    Outcome outcome = world.run(verb, "--help").succeeded();
    assertTrue(outcome.out().contains("Usage: godwit " + verb), outcome::out);
    assertEquals("", outcome.err());
  }

  @Test
  void anUnknownVerbIsWrongUsageAndTheRightOneIsNamed() throws Exception {
    Expect.refused(ExitStatus.USAGE, world.run("leach"), "leach", "godwit leech");
  }

  @Test
  void noVerbIsWrongUsage() throws Exception {
    Expect.refused(ExitStatus.USAGE, world.run(), "Say what to do", "godwit --help");
  }

  @ParameterizedTest
  @ValueSource(strings = {"seed x --from y", "leech a/b --to c", "mesh create m --hub h"})
  void anUnknownOptionIsWrongUsage(String command) throws Exception {
    String[] arguments = (command + " --frobnicate").split(" ");
    Expect.refused(ExitStatus.USAGE, world.run(arguments), "--frobnicate");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "leech nowhere --to x",
        "leech a/b --to x --max-downtime soon",
        "leech a/b --to x --device floppy",
        "seed x --from y --listen somewhere:else",
        "hub --listen 127.0.0.1:70000",
        "mesh create m --hub 127.0.0.1:1",
        "demo --size much",
        "demo --transport pigeon",
      })
  void anArgumentThatMakesNoSenseIsWrongUsage(String command) throws Exception {
    Expect.refused(ExitStatus.USAGE, world.run(command.split(" ")));
  }

  @Test
  void whatWasRecordedOfOtherClassesIsLeftAlone(@TempDir Path elsewhere) throws Exception {
    Path built = Path.of(System.getProperty("godwit.launcher", "")).resolve("../..").normalize();
    for (String folder : List.of("bin", "lib")) {
      world.programs().run("cp", "-r", built.resolve(folder).toString(), elsewhere.toString());
    }
    Path cache = Files.writeString(elsewhere.resolve("short.aot"), "of long ago");
    Files.setLastModifiedTime(cache, FileTime.from(Instant.EPOCH));
    Outcome outcome =
        world.programs().run(elsewhere.resolve("bin/godwit").toString(), "--version").succeeded();
    assertEquals("", outcome.err());
  }

  @Test
  void theLauncherWorksThroughASymbolicLink(@TempDir Path elsewhere) throws Exception {
    Path link =
        Files.createSymbolicLink(
            elsewhere.resolve("link"), Path.of(System.getProperty("godwit.launcher", "")));
    world.programs().run(link.toString(), "--version").succeeded();
    Files.delete(link);
  }
}
