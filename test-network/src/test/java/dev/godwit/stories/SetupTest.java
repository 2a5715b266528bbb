package dev.godwit.stories;

import static dev.godwit.testnetwork.World.PATIENCE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.demo.ChildProcess;
import dev.godwit.testnetwork.Outcome;
import dev.godwit.testnetwork.Page;
import dev.godwit.testnetwork.Page.Command;
import dev.godwit.testnetwork.Place;
import dev.godwit.testnetwork.Terminal;
import dev.godwit.testnetwork.World;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What all tutorials begin with: {@code docs/tutorials/README.md}, on one machine. */
class SetupTest {
  @TempDir private Path directory;
  private final Map<String, Terminal> terminals = new HashMap<>();
  private final Map<String, ChildProcess> started = new HashMap<>();
  private final List<String> ran = new ArrayList<>();

  @Test
  void twoTerminalsBecomeAMeshOfTwo() throws Exception {
    try (World world = World.in(directory)) {
      for (Command command : Page.of("docs/tutorials/README.md").commands()) {
        tell(world, command);
        ran.add(command.verb());
      }
      assertEquals(
          List.of("hub", "create", "invite", "join", "ls"), ran.subList(2, ran.size()), "the rest");
      for (String home : List.of("alice/home", "bob/home")) {
        assertTrue(Files.isDirectory(directory.resolve(home)), home);
      }
    }
  }

  private void tell(World world, Command command) throws IOException, InterruptedException {
    Terminal terminal =
        terminals.computeIfAbsent(
            command.where(), where -> new Terminal(Place.HERE, world.path("")));
    switch (command.verb()) {
      case "hub" -> {
        String own = command.text().replace("127.0.0.1:7007", Place.HERE.listen());
        start(world, terminal, command, own + " --data " + world.path("hub"), "ready");
      }
      case "invite" -> start(world, terminal, command, command.text(), "waiting");
      case "create" ->
          run(
              world,
              terminal,
              command.text().replace("HOST:7007/FINGERPRINT", said("hub", "ready", "address")),
              "");
      case "join" -> {
        run(world, terminal, command.text(), said("invite", "ticket", "ticket") + "\n");
        assertEquals(0, process("invite").awaitEnd(PATIENCE));
      }
      case "ls" -> run(world, terminal, command.text(), "");
      default -> terminal.remember(command.text());
    }
  }

  private void start(World world, Terminal terminal, Command command, String text, String event)
      throws IOException, InterruptedException {
    ChildProcess process = world.start(command.verb(), terminal.process(text + " --json"));
    started.put(command.verb(), process);
    process.await(event, PATIENCE);
  }

  private ChildProcess process(String verb) {
    ChildProcess process = started.get(verb);
    if (process == null) {
      throw new AssertionError("the page has not started " + verb);
    }
    return process;
  }

  private String said(String verb, String event, String member)
      throws IOException, InterruptedException {
    return process(verb).await(event, PATIENCE).getOrDefault(member, "");
  }

  private static void run(World world, Terminal terminal, String text, String input)
      throws IOException, InterruptedException {
    Outcome _ = world.programs().run(input, terminal.command(text)).succeeded();
  }
}
