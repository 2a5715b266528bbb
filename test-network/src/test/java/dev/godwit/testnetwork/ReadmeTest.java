package dev.godwit.testnetwork;

import static dev.godwit.testnetwork.World.PATIENCE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.demo.ChildProcess;
import dev.godwit.testnetwork.Page.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * The commands of the README, taken from its text and run in its order. Only what a reader has to
 * fill in is replaced: addresses, the ticket, the names of files, and what stops his program.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ReadmeTest {
  private World world;
  private String hub = "";
  private String ticket = "";
  private final List<String> ran = new ArrayList<>();
  private final Map<String, ChildProcess> started = new HashMap<>();

  /** The verb, and what it is about if that is a resource. */
  private static String name(Command command) {
    return command.verb().equals("seed")
        ? command.text().replaceAll("^godwit (seed \\S+).*", "$1")
        : command.verb();
  }

  @BeforeAll
  void begin(@TempDir Path directory) throws Exception {
    world = World.in(directory);
  }

  @AfterAll
  void end() throws Exception {
    world.close();
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
            .replace("data.db", database(node).toString())
            .replace("/tmp/vm1.sock", socket(node).toString())
            .replace("systemctl stop vm1", "touch " + world.path("stopped"))
            .replace("systemctl start vm1", "touch " + world.path("started"));
    return new Terminal(Place.HERE, world.path(""))
        .remember("export GODWIT_HOME=" + world.path("home-" + node))
        .process(text + more);
  }

  private Path file(String node) {
    return world.path(node + ".img");
  }

  private Path database(String node) {
    return world.path(node + ".db");
  }

  private Path socket(String node) {
    return world.path(node + ".sock");
  }

  private ChildProcess start(Command command, String more) throws IOException {
    ChildProcess process = world.start(shell(command, more + " --json"));
    started.put(name(command), process);
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
        boolean moves = name(command).equals("seed vm1");
        StateFile.random(moves ? file("alice") : database("alice"), 4 << 20, 5);
        start(command, " --listen " + World.LOOPBACK).await("ready", PATIENCE);
      }
      case "leech" -> start(command, " --listen " + World.LOOPBACK).await("complete", PATIENCE);
      case "mount" -> {
        start(command, " --listen " + World.LOOPBACK).await("ready", PATIENCE);
        Programs programs = world.programs();
        programs.run("cmp", database("alice").toString(), database("bob").toString()).succeeded();
        programs
            .run(
                "dd", "if=/dev/zero", "of=" + database("bob"), "bs=4096", "count=1", "conv=notrunc")
            .succeeded();
      }
      case "umount" -> world.programs().run("", shell(command, "")).succeeded();
      default -> throw new IllegalArgumentException("nobody tests " + command);
    }
  }

  @Test
  void theCommandsOfTheReadmeDoWhatItSays() throws Exception {
    for (Command command : Page.of("README.md", "## The five jobs").commands()) {
      run(command);
    }
    assertEquals(
        List.of(
            "hub", "create", "invite", "join", "peers", "up", "ping", "doctor", "seed", "leech",
            "seed", "mount", "umount"),
        ran,
        "the jobs");
    assertEquals(0, started("seed vm1").awaitEnd(PATIENCE));
    assertTrue(Files.exists(world.path("stopped")), "the program was stopped on alice");
    assertTrue(Files.exists(world.path("started")), "and started on bob");
    world.programs().run("nbdinfo", "--size", Offer.uri(socket("bob"))).succeeded();
    assertEquals(0, started("leech").stop());
    assertEquals(StateFile.sha256(file("alice")), StateFile.sha256(file("bob")));
    assertEquals(0, started("mount").awaitEnd(PATIENCE));
    assertEquals(0, Files.readAllBytes(database("alice"))[0], "what was written is at the owner");
  }
}
