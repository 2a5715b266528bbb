package dev.godwit.testnetwork;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.godwit.testing.Patience;
import dev.godwit.testnetwork.Page.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What docs/first-hour.md says is typed, in its order; and what it says is seen, is seen. */
class FirstHourTest {
  private static final Pattern HUB = Pattern.compile("127\\.0\\.0\\.1:\\d+/\\S+");
  private static final Pattern TICKET = Pattern.compile("gw1-\\S+");

  /** They go on until something else happens, or until they are ended. */
  private static final Set<String> LASTING = Set.of("hub", "invite", "up", "seed", "mount");

  private static final Set<String> LISTENING =
      Set.of("up", "seed", "leech", "mount", "ping", "doctor");

  private World world;
  private final List<Running> running = new ArrayList<>();
  private final Map<String, String> found = new HashMap<>();

  /** A command, and the file to which it writes. */
  private record Running(Command command, Process process, Path output) {
    String seen() throws IOException {
      return Files.readString(output);
    }
  }

  @BeforeEach
  void begin(@TempDir Path directory) throws Exception {
    world = World.in(directory);
    for (String name : List.of("hub", "alice", "bob")) {
      Files.createDirectory(world.path(name));
    }
  }

  @AfterEach
  void end() throws Exception {
    try (World _ = world) {
      for (Running one : running.reversed()) {
        one.process().destroy();
        one.process().waitFor(World.PATIENCE.toSeconds(), TimeUnit.SECONDS);
      }
    }
  }

  private Running start(Command command) throws IOException {
    Path place = world.path(command.where());
    String text =
        command
            .text()
            .replace("--listen 127.0.0.1:7007", "--listen " + World.LOOPBACK + " --data keys")
            .replace("HUB", found.getOrDefault("hub", "HUB"));
    if (LISTENING.contains(command.verb())) {
      text += " --listen " + World.LOOPBACK;
    }
    Path output = Files.createTempFile(world.path(""), "seen", ".txt");
    Path input = Files.createTempFile(world.path(""), "typed", ".txt");
    Files.writeString(input, command.verb().equals("join") ? found.get("ticket") + "\n" : "");
    ProcessBuilder builder =
        world
            .programs()
            .builder(
                new Terminal(Place.HERE, place)
                    .remember("export GODWIT_HOME=" + place.resolve("keys"))
                    .command(text.startsWith("godwit") ? "exec " + text : text));
    return new Running(
        command,
        builder
            .redirectInput(input.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start(),
        output);
  }

  /** The lines that the page shows, with anything for the dots. */
  private static List<Pattern> shown(Command command) {
    return command
        .shown()
        .lines()
        .filter(line -> !line.isBlank())
        .map(
            line ->
                Pattern.compile(
                    List.of(line.strip().split("…", -1)).stream()
                        .map(Pattern::quote)
                        .collect(Collectors.joining(".*")),
                    Pattern.MULTILINE))
        .toList();
  }

  private void run(Command command) throws Exception {
    Running one = start(command);
    running.add(one);
    if (!LASTING.contains(command.verb())) {
      Patience.until(command.text() + " has ended", () -> !one.process().isAlive());
      assertEquals(0, one.process().exitValue(), () -> command + " wrote " + read(one));
    }
    for (Pattern line : shown(command)) {
      Patience.until(command.text() + " shows " + line, () -> line.matcher(one.seen()).find());
    }
    remember("hub", HUB, command, one);
    remember("ticket", TICKET, command, one);
  }

  private static String read(Running one) {
    try {
      return one.seen();
    } catch (IOException e) {
      return e.toString();
    }
  }

  private void remember(String name, Pattern pattern, Command command, Running one)
      throws IOException {
    Matcher matcher = pattern.matcher(one.seen());
    if ((command.verb().equals("hub") || command.verb().equals("invite")) && matcher.find()) {
      found.put(name, Objects.requireNonNull(matcher.group()));
    }
  }

  @Test
  void whatIsTypedDoesWhatThePageShows() throws Exception {
    for (Command command : Page.of("docs/first-hour.md", "## Run a hub").commands()) {
      run(command);
    }
    for (Running one : running) {
      if (one.command().text().startsWith("godwit seed vm1")) {
        Patience.until("the seed has ended", () -> !one.process().isAlive());
        Patience.until(
            "it says that it has moved",
            () -> one.seen().contains("vm1 has moved. The copy here is old."));
      }
    }
  }
}
