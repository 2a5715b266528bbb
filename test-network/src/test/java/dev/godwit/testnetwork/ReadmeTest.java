package dev.godwit.testnetwork;

import static dev.godwit.testnetwork.World.PATIENCE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.demo.ChildProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The commands of the README, taken from its text and run in its order. Only what a reader has to
 * fill in is replaced: addresses, the ticket, the names of files, and what stops his program.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(180)
class ReadmeTest {
  private static final Pattern BLOCK = Pattern.compile("```sh\n(.*?)```", Pattern.DOTALL);
  private static final Pattern COMMENT = Pattern.compile("\\s*# (.*)$");
  private static final Path LAUNCHER = Path.of(System.getProperty("godwit.launcher", "godwit"));

  private World world;
  private String hub = "";
  private String ticket = "";
  private final List<String> ran = new ArrayList<>();
  private final Map<String, ChildProcess> started = new HashMap<>();

  /**
   * A command of the README.
   *
   * @param where the machine that its comment names, or "anywhere"
   */
  private record Command(String text, String where) {
    String verb() {
      return text.replaceAll("^godwit (mesh )?(\\S+).*", "$2");
    }
  }

  @BeforeAll
  void begin(@TempDir Path directory) throws Exception {
    world = World.in(directory);
  }

  @AfterAll
  void end() throws Exception {
    world.close();
  }

  private static List<Command> commands() throws IOException {
    String readme = Files.readString(Path.of("..", "README.md"));
    String jobs = readme.substring(readme.indexOf("## The five jobs"));
    List<Command> commands = new ArrayList<>();
    Matcher block = BLOCK.matcher(jobs);
    while (block.find()) {
      for (String line : block.group(1).replace("\\\n", " ").lines().toList()) {
        Matcher comment = COMMENT.matcher(line);
        String where = "anywhere";
        if (comment.find()) {
          where = comment.group(1).replaceAll("^on (\\w+).*", "$1");
        }
        commands.add(new Command(line.replaceAll(COMMENT.pattern(), "").strip(), where));
      }
    }
    return commands;
  }

  /** The command as a shell runs it on {@code where}. */
  private List<String> shell(Command command, String more) {
    String node = command.where().equals("anywhere") ? "bob" : command.where();
    String text =
        command
            .text()
            .replace("--listen :7007", "--listen " + World.LOOPBACK)
            .replace("HOST:7007/FINGERPRINT", hub)
            .replace("vm1.img", file(node).toString())
            .replace("/tmp/vm1.sock", socket(node).toString())
            .replace("systemctl stop vm1", "touch " + world.path("stopped"))
            .replace("systemctl start vm1", "touch " + world.path("started"));
    return List.of(
        "sh",
        "-c",
        "export PATH="
            + LAUNCHER.toAbsolutePath().getParent()
            + ":$PATH GODWIT_HOME="
            + world.path("home-" + node)
            + "; exec "
            + text
            + more);
  }

  private Path file(String node) {
    return world.path(node + ".img");
  }

  private Path socket(String node) {
    return world.path(node + ".sock");
  }

  private ChildProcess start(Command command, String more) throws IOException {
    ChildProcess process = world.start(shell(command, more + " --json"));
    started.put(command.verb(), process);
    return process;
  }

  private ChildProcess started(String verb) {
    return Objects.requireNonNull(started.get(verb), verb);
  }

  private void run(Command command) throws IOException, InterruptedException {
    ran.add(command.verb());
    switch (command.verb()) {
      case "hub" -> {
        ChildProcess process = start(command, " --data " + world.path("hub"));
        hub = process.await("ready", PATIENCE).getOrDefault("address", "");
      }
      case "up" -> start(command, " --listen " + World.LOOPBACK).await("ready", PATIENCE);
      case "ping", "doctor" ->
          world.programs().run("", shell(command, " --listen " + World.LOOPBACK)).succeeded();
      case "create", "peers" -> world.programs().run("", shell(command, "")).succeeded();
      case "invite" -> {
        ChildProcess invite = start(command, "");
        ticket = invite.await("ticket", PATIENCE).getOrDefault("ticket", "");
        invite.await("waiting", PATIENCE);
      }
      case "join" -> {
        world.programs().run(ticket + "\n", shell(command, "")).succeeded();
        assertEquals(0, started("invite").awaitEnd(PATIENCE));
      }
      case "seed" -> {
        StateFile.random(file("alice"), 4 << 20, 5);
        start(command, " --listen " + World.LOOPBACK).await("ready", PATIENCE);
      }
      case "leech" -> start(command, " --listen " + World.LOOPBACK).await("complete", PATIENCE);
      default -> throw new IllegalArgumentException("nobody tests " + command);
    }
  }

  @Test
  void theCommandsOfTheReadmeDoWhatItSays() throws Exception {
    for (Command command : commands()) {
      run(command);
    }
    assertEquals(
        List.of(
            "hub", "create", "invite", "join", "peers", "up", "ping", "doctor", "seed", "leech"),
        ran,
        "the jobs");
    assertEquals(0, started("seed").awaitEnd(PATIENCE));
    assertTrue(Files.exists(world.path("stopped")), "the program was stopped on alice");
    assertTrue(Files.exists(world.path("started")), "and started on bob");
    world.programs().run("nbdinfo", "--size", Offer.uri(socket("bob"))).succeeded();
    assertEquals(0, started("leech").stop());
    assertEquals(StateFile.sha256(file("alice")), StateFile.sha256(file("bob")));
  }
}
