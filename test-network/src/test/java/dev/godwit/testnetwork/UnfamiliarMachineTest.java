package dev.godwit.testnetwork;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.cli.ExitStatus;
import dev.godwit.demo.ChildProcess;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The built command where it was not built: other terminals, locales, folders, users and limits.
 */
class UnfamiliarMachineTest {
  private static final String ERASE = "\r\033[K";
  private static final int NOBODY = 65_534;
  private static final String AS_NOBODY =
      "chmod 1777 tmp; exec setpriv --reuid="
          + NOBODY
          + " --regid="
          + NOBODY
          + " --clear-groups -- ";

  private World world;

  @BeforeEach
  void begin(@TempDir Path directory) throws Exception {
    world = World.in(directory);
  }

  @AfterEach
  void end() throws Exception {
    world.close();
  }

  private Outcome shell(String text) throws Exception {
    return world.programs().run("", new Terminal(Place.HERE, world.path("")).command(text));
  }

  /** Runs something in a terminal of its own; what it shows is the output. */
  private Outcome inTerminal(int columns, String environment, String command) throws Exception {
    return shell(
        "script -qec 'stty cols "
            + columns
            + " rows 24; "
            + environment
            + " "
            + command
            + "' /dev/null");
  }

  @Test
  void withoutALocaleNamesAndSymbolsAreWhatTheyAre() throws Exception {
    Outcome outcome =
        shell("unset LANG LC_CTYPE; export LC_ALL=C; godwit seed vm1 --from grün.img");
    assertEquals(ExitStatus.FAILED.code(), outcome.status(), outcome::toString);
    assertTrue(outcome.err().contains("There is no file"), outcome::err);
    assertTrue(outcome.err().contains("grün.img"), outcome::err);
  }

  @ParameterizedTest
  @ValueSource(strings = {"LC_ALL=C", "LC_ALL=POSIX", "LC_ALL= LC_CTYPE=C", "LC_ALL= LANG=C"})
  void whoWantsAsciiGetsItAndNamesAreWhatTheyAreAllTheSame(String locale) throws Exception {
    Files.createDirectories(world.path("grün"));
    String said =
        inTerminal(
                200,
                "TERM=xterm NO_COLOR=1 " + locale,
                "godwit --home grün doctor; " + locale + " godwit seed vm1 --from grün/missing")
            .out();
    assertTrue(said.contains("ok native"), said);
    assertTrue(said.contains("There is no file " + world.path("grün/missing")), said);
    String symbols = said.replace("grün", "");
    assertTrue(StandardCharsets.US_ASCII.newEncoder().canEncode(symbols), symbols);
  }

  @Test
  void aLocaleThatIsNotInstalledIsNone() throws Exception {
    Outcome outcome =
        shell("unset LC_ALL LC_CTYPE; export LANG=xx_YY.UTF-8; godwit doctor").succeeded();
    assertTrue(outcome.out().contains("✓"), outcome::out);
  }

  @Test
  void aDumbTerminalGetsNoEscapeSequences() throws Exception {
    Outcome outcome = inTerminal(80, "TERM=dumb", "godwit doctor").succeeded();
    assertFalse(outcome.out().contains("\033"), outcome::out);
  }

  @Test
  void noColorTakesTheColoursOnly() throws Exception {
    String colours = "\033[32m";
    assertTrue(inTerminal(80, "TERM=xterm", "godwit doctor").out().contains(colours));
    Outcome outcome = inTerminal(80, "TERM=xterm NO_COLOR=1", "godwit doctor").succeeded();
    assertFalse(outcome.out().contains(colours), outcome::out);
    assertTrue(outcome.out().contains("✓"), outcome::out);
  }

  @Test
  void helpFitsATerminalOfFortyColumns() throws Exception {
    for (String help : List.of("godwit help", "godwit leech --help", "godwit help mesh invite")) {
      Outcome outcome = inTerminal(40, "TERM=xterm NO_COLOR=1", help).succeeded();
      for (String line : outcome.out().replaceAll("\033\\[[0-9;]*m|\r", "").split("\n", -1)) {
        assertTrue(line.codePointCount(0, line.length()) <= 40, line);
      }
    }
  }

  @Test
  void helpInADumbTerminalHasNoEscapeSequences() throws Exception {
    Outcome outcome = inTerminal(80, "TERM=dumb", "godwit help id").succeeded();
    assertFalse(outcome.out().contains("\033"), outcome::out);
  }

  @Test
  void progressFitsATerminalOfSixtyColumns() throws Exception {
    String demo = "godwit demo --size 64M --write-rate 4M";
    Outcome outcome = inTerminal(60, "TERM=xterm", demo).succeeded();
    List<String> moving =
        Stream.of(outcome.out().split("\n", -1))
            .flatMap(line -> Stream.of(line.split(java.util.regex.Pattern.quote(ERASE), -1)))
            .map(line -> line.replaceAll("\033\\[[0-9;]*m", "").replace("\r", ""))
            .toList();
    assertTrue(moving.stream().anyMatch(line -> line.contains("moving to bob")), outcome::out);
    for (String line : moving) {
      assertTrue(line.codePointCount(0, line.length()) <= 60, line);
    }
  }

  @Test
  void aPipeThatIsClosedEarlyEndsWhatIsPiped() throws Exception {
    List<Member> members = world.mesh("alice", "bob");
    try (ChildProcess up = members.getFirst().start("up", "--listen", World.LOOPBACK)) {
      up.await("ready", World.PATIENCE);
      Outcome outcome =
          shell(
              "export GODWIT_HOME="
                  + members.get(1).home()
                  + "; godwit ping alice --count 100000 --interval 50ms --listen 127.0.0.1:0"
                  + " | head -n 1");
      assertEquals(1, outcome.out().lines().count(), outcome::out);
      assertFalse(outcome.err().contains("Exception"), outcome::err);
    }
    assertEquals("", shell("godwit --help | head -n 1").succeeded().err());
  }

  @Test
  void aTemporaryFolderWithoutExecutionIsNotUsed() throws Exception {
    List<Member> members = world.mesh("alice", "bob");
    try (ChildProcess up =
        members
            .getFirst()
            .startAfter(
                "mount -t tmpfs -o noexec tmpfs " + world.temporary(),
                "up",
                "--listen",
                World.LOOPBACK)) {
      up.await("ready", World.PATIENCE);
      Outcome ping =
          members
              .get(1)
              .run(
                  "ping", "alice", "--count", "1", "--transport", "quic", "--listen", "127.0.0.1:0")
              .succeeded();
      assertTrue(ping.out().contains("quic"), ping::out);
      assertEquals("", up.complaints());
    }
  }

  @Test
  void aStateIsMovedWhereTheTemporaryFolderRunsNothing() throws Exception {
    List<Member> members = world.mesh("alice", "bob");
    Path from = StateFile.random(world.path("state"), 1 << 20, 3);
    Path to = world.path("moved");
    try (ChildProcess _ = members.get(0).seed("state", from);
        ChildProcess leech =
            members
                .get(1)
                .leechAfter(
                    "mount -t tmpfs -o noexec tmpfs " + world.temporary(), "alice/state", to)) {
      assertEquals(0, leech.awaitEnd(World.PATIENCE), leech::complaints);
      assertEquals("", leech.complaints());
    }
    assertEquals(StateFile.sha256(from), StateFile.sha256(to));
  }

  @Test
  void whatCannotBeWrittenToStandardOutputIsSaid() throws Exception {
    Outcome full = shell("godwit man leech > /dev/full");
    assertEquals(1, full.status(), full::toString);
    assertTrue(full.err().contains("cannot be written to standard output"), full::toString);
  }

  @Test
  void whoOnlyLooksMakesNoKey() throws Exception {
    Path mistyped = world.path("mistyped");
    for (String verb : List.of("ls", "status", "peers", "doctor")) {
      Outcome _ = shell("godwit --home '" + mistyped + "' " + verb);
      assertFalse(Files.exists(mistyped), verb);
    }
  }

  @Test
  void withTooFewFilesForJavaThatIsSaid() throws Exception {
    Outcome few = shell("ulimit -n 24; godwit id");
    assertEquals(1, few.status(), few::toString);
    assertTrue(few.err().contains("ulimit -n 1024"), few::toString);
  }

  @Test
  void anInstallationThatIsNotCompleteIsSaidToBeThat() throws Exception {
    Path copy = world.path("incomplete");
    world.programs().run("cp", "-r", built().toString(), copy.toString()).succeeded();
    for (Path file : files(copy.resolve("lib"))) {
      if (file.getFileName().toString().startsWith("jackson-core")) {
        Files.delete(file);
      }
    }
    Outcome broken = world.programs().run(copy.resolve("bin/godwit").toString(), "ls");
    assertEquals(1, broken.status(), broken::toString);
    assertTrue(broken.err().contains("installation of Godwit is not complete"), broken::toString);
    assertFalse(broken.err().contains("\tat "), broken::toString);
  }

  private static Path built() {
    return Path.of(System.getProperty("godwit.launcher", "")).resolve("../..").normalize();
  }

  @Test
  void withFewDescriptorsItWorksOrSaysWhatIsMissing() throws Exception {
    List<Member> members = world.mesh("alice", "bob");
    String home = "export GODWIT_HOME=" + members.get(1).home() + "; ";
    shell(home + "ulimit -n 64; godwit id").succeeded();
    Outcome listed = shell(home + "ulimit -n 64; godwit ls");
    if (listed.status() != 0) {
      assertTrue(listed.err().contains("ulimit -n"), listed::toString);
      assertFalse(listed.err().contains("Exception"), listed::toString);
    }
  }

  @Test
  void aFolderThatWasCopiedStartsWithoutAWord() throws Exception {
    Path copy = world.path("copied folder");
    world.programs().run("cp", "-r", built().toString(), copy.toString()).succeeded();
    for (Path file : files(copy.resolve("lib"))) {
      Files.setLastModifiedTime(file, FileTime.from(Instant.parse("2026-02-03T04:05:06Z")));
    }
    for (String verb : List.of("--version", "id", "doctor")) {
      Outcome outcome = shell("'" + copy.resolve("bin/godwit") + "' " + verb).succeeded();
      assertEquals("", outcome.err(), verb);
    }
  }

  private static List<Path> files(Path folder) throws Exception {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }

  @Test
  void anotherUserMayRunIt() throws Exception {
    Path home = Files.createDirectory(world.path("of-another-user"));
    Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxrwxrwx"));
    world.programs().run("chmod", "755", world.path("").toString()).succeeded();
    world.programs().run("chmod", "1777", world.temporary().toString()).succeeded();
    List<String> command =
        new ArrayList<>(
            List.of("setpriv", "--reuid=" + NOBODY, "--regid=" + NOBODY, "--clear-groups", "--"));
    command.addAll(
        new Terminal(Place.HERE, home)
            .remember("export HOME='" + home + "' GODWIT_HOME='" + home + "/keys'")
            .command("godwit id && godwit doctor"));
    Outcome outcome = world.programs().run("", command).succeeded();
    assertEquals("", outcome.err());
  }

  @Test
  void theHomeFolderThatTheEnvironmentNamesIsUsed() throws Exception {
    Path home = Files.createDirectory(world.path("elsewhere"));
    shell("unset GODWIT_HOME XDG_DATA_HOME; HOME='" + home + "' godwit id").succeeded();
    assertTrue(Files.exists(home.resolve(".local/share/godwit/identity.pem")));
  }

  @Test
  void aNodesFolderWhosePathIsTooLongForASocketIsSaidToBe() throws Exception {
    Path home = world.path("l".repeat(100));
    Member bob = world.mesh("alice", "bob").get(1);
    world.programs().run("cp", "-r", bob.home().toString(), home.toString()).succeeded();
    Expect.refused(
        ExitStatus.FAILED,
        shell("godwit up --listen 127.0.0.1:0 --home '" + home + "'"),
        "has at most 107 bytes",
        "Choose a shorter --home");
  }

  @Test
  void aFolderThatMayOnlyBeReadWillDo() throws Exception {
    Path built = Path.of(System.getProperty("godwit.launcher", "")).resolve("../..").normalize();
    Path copy = world.path("read-only");
    world.programs().run("cp", "-r", built.toString(), copy.toString()).succeeded();
    Outcome outcome =
        world
            .programs()
            .run(
                "unshare",
                "-rm",
                "sh",
                "-c",
                "mount --bind "
                    + copy
                    + " "
                    + copy
                    + " && mount -o remount,bind,ro "
                    + copy
                    + " && "
                    + copy.resolve("bin/godwit")
                    + " prepare-start && "
                    + copy.resolve("bin/godwit")
                    + " id")
            .succeeded();
    assertEquals("", outcome.err());
  }

  @Test
  void aJavaThatWasNamedAndIsNoneIsNotPassedOverInSilence() throws Exception {
    Outcome outcome = shell("GODWIT_JAVA_HOME=/nowhere godwit id");
    assertNotEquals(0, outcome.status());
    assertTrue(outcome.err().contains("GODWIT_JAVA_HOME is /nowhere"), outcome::err);
  }

  @Test
  void optionsForEveryVerbStandBeforeItToo() throws Exception {
    String before = shell("godwit --home one --json id").succeeded().out();
    String behind = shell("godwit id --home one --json").succeeded().out();
    assertEquals(behind, before);
    assertTrue(before.startsWith("{\"event\":\"result\",\"ok\":true"), before);
  }

  @Test
  void helpOfAVerbIsTheSameInBothWays() throws Exception {
    for (String verb : List.of("seed", "leech", "hub", "mesh", "mesh create")) {
      assertEquals(
          shell("godwit " + verb + " --help").succeeded().out(),
          shell("godwit help " + verb).succeeded().out());
    }
  }

  /** What bash makes of the last of these words. */
  private Outcome completed(String... words) throws Exception {
    String script =
        "exec bash -c 'source <(godwit completion bash); COMP_WORDS=(godwit "
            + String.join(" ", words)
            + "); COMP_CWORD="
            + words.length
            + "; _complete_godwit; echo \"${COMPREPLY[@]}\"'";
    return world
        .programs()
        .run("", new Terminal(Place.HERE, world.path("")).command(script))
        .succeeded();
  }

  @Test
  void completionIsUnderstoodByBash() throws Exception {
    Outcome outcome = completed("le");
    assertTrue(outcome.out().contains("leech"), outcome::toString);
  }

  @ParameterizedTest
  @ValueSource(strings = {"help", "man"})
  void aVerbIsCompletedWhereOneIsAskedFor(String asking) throws Exception {
    Outcome outcome = completed(asking, "see");
    assertEquals("seed", outcome.out().strip(), outcome::toString);
  }

  @Test
  void aFolderThatMayNotBeReadIsNotTakenForAnEmptyOne() throws Exception {
    Path home = world.path("of-root");
    shell("godwit --home '" + home + "' id").succeeded();
    Outcome doctor = shell("chmod 755 .; " + AS_NOBODY + "godwit --home '" + home + "' doctor");
    assertEquals(ExitStatus.FAILED.code(), doctor.status(), doctor::toString);
    assertTrue(doctor.out().contains("which mesh this node is in"), doctor::out);
    assertTrue(doctor.out().contains(home + ", may not be read by this user"), doctor::out);
    assertFalse(doctor.out().contains("in no mesh yet"), doctor::out);
    Outcome json = shell(AS_NOBODY + "godwit --json --home '" + home + "' doctor");
    assertTrue(json.out().contains("\"event\":\"result\",\"ok\":false,\"status\":1"), json::out);
  }

  @Test
  void everyVerbHasAManualPageThatGroffUnderstands() throws Exception {
    Path pages = world.path("man1");
    shell("godwit man --into " + pages).succeeded();
    List<Path> all = files(pages);
    assertTrue(all.size() > 20, all::toString);
    for (Path page : all) {
      Outcome outcome =
          world.programs().run("groff", "-man", "-Tutf8", "-ww", page.toString()).succeeded();
      assertEquals("", outcome.err(), page::toString);
    }
  }
}
