package dev.godwit.testnetwork;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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

  private Outcome shell(String text) throws Exception {
    return world.programs().run("", new Terminal(Place.HERE, world.path("")).command(text));
  }

  @Test
  void aCurrentFolderThatIsGoneIsSaidToBe() throws Exception {
    Outcome outcome = shell("mkdir gone; cd gone; rmdir ../gone; godwit ls");
    assertEquals(1, outcome.status(), outcome::toString);
    // The shell that runs the command has its own word for it before.
    assertEquals(
        "godwit: The current folder does not exist any more. Go to another one with 'cd'.",
        outcome.err().lines().reduce((_, next) -> next).orElse(""));
    assertFalse(outcome.err().contains("java"), outcome::err);
  }

  @ParameterizedTest
  @ValueSource(strings = {"-Xfoo", "-Xmx5", "-Dgodwit.some=thing -XX:+NoSuchThing"})
  void optionsThatJavaDoesNotTakeAreSaidToComeFromTheEnvironment(String options) throws Exception {
    Outcome outcome = shell("GODWIT_JAVA_OPTS='" + options + "' godwit id");
    Expect.refused(
        ExitStatus.FAILED,
        outcome,
        "Java does not start with GODWIT_JAVA_OPTS, which is '" + options + "'");
  }

  @Test
  void optionsThatJavaTakesAreUsed() throws Exception {
    assertEquals("", shell("GODWIT_JAVA_OPTS=-Xmx300m godwit --version").succeeded().err());
    assertTrue(
        shell("GODWIT_JAVA_OPTS=-XX:+PrintFlagsFinal godwit --version")
            .succeeded()
            .out()
            .contains("MaxHeapSize"));
  }

  @Test
  void whoIsStartedWithoutStandardInputReadsNothing() throws Exception {
    Expect.refused(ExitStatus.USAGE, shell("godwit mesh join <&-"), "No ticket was given.");
  }

  @Test
  void whoIsStartedWithoutAnyStandardStreamWritesNowhere() throws Exception {
    shell("godwit --home closed id <&- >&- 2>&-").succeeded();
    assertTrue(Files.exists(world.path("closed/identity.pem")));
    String id = shell("godwit --home closed id").succeeded().out();
    assertTrue(id.matches("[A-Z0-9-]+\\R"), id);
  }

  @Test
  void aFolderForStandardInputIsSaidToBeThat() throws Exception {
    Expect.refused(ExitStatus.USAGE, shell("godwit mesh join </tmp"), "Standard input is a folder");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "help",
        "--help",
        "--version",
        "help seed",
        "seed --help",
        "mesh join -h",
        "help seed --json",
        "--version --json",
        "completion"
      })
  void helpThatCannotBeWrittenIsNotDone(String command) throws Exception {
    Expect.refused(
        ExitStatus.FAILED,
        shell("godwit " + command + " >/dev/full"),
        "cannot be written to standard output");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"help seed", "seed --help", "mesh join --help", "help", "--version", "-h"})
  void programsGetHelpAsOneObject(String command) throws Exception {
    for (String line : List.of("godwit --json " + command, "godwit " + command + " --json")) {
      String out = shell(line).succeeded().out();
      assertEquals(1, out.lines().count(), out);
      assertTrue(out.startsWith("{\"event\":\"result\",\"ok\":true,\""), out);
      assertTrue(out.contains(command.equals("--version") ? "\"version\":" : "Usage: godwit"), out);
    }
  }

  @Test
  void aNameThatWouldSteerATerminalIsShownInsteadAndTheSameForPrograms() throws Exception {
    String seed = " seed \"$(printf 'a\\033[31m')\" --from x";
    Outcome people = shell("godwit" + seed);
    Expect.refused(ExitStatus.USAGE, people, "'a\\x1b[31m' is no name for a resource");
    assertTrue(shell("godwit --json" + seed).out().contains("'a\\u001B[31m' is no name"));
    Outcome verb = shell("godwit \"$(printf 'a\\033[31m')\"");
    assertFalse(verb.err().contains("\033"), verb::err);
  }
}
