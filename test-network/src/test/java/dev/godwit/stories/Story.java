package dev.godwit.stories;

import static dev.godwit.testnetwork.World.PATIENCE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.godwit.demo.ChildProcess;
import dev.godwit.testnetwork.Member;
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

/**
 * A tutorial, told command by command on the machines that it names. What serves goes on to run, as
 * in a terminal of its own; everything else has to succeed, and to write what the page shows.
 *
 * <p>For one thread. The world ends what is left.
 */
final class Story {
  /** Whatever waits for a mount that does not answer is not waited for. */
  private static final List<String> LIMIT = List.of("timeout", "--kill-after=5", "60");

  private final World world;
  private final Map<String, Member> members = new HashMap<>();
  private final Map<String, Place> places = new HashMap<>();
  private final Map<String, ChildProcess> mounts = new HashMap<>();
  private final List<Told> told = new ArrayList<>();
  private long arriving;

  /**
   * A command that has ended.
   *
   * @param outcome what it left
   * @param here how many bytes are here of what is mounted, as the mount has said last
   */
  record Told(Command command, Outcome outcome, long here) {}

  /** Nobody is there yet. */
  Story(World world) {
    this.world = world;
  }

  /** With nodes that are members of one mesh, on this machine. */
  static Story of(World world, String... names) throws IOException, InterruptedException {
    Story story = new Story(world);
    for (Member member : world.mesh(names)) {
      story.on(member, Place.HERE);
    }
    return story;
  }

  /** With this one, too. */
  void on(Member member, Place place) throws IOException {
    members.put(member.name(), member);
    places.put(member.name(), place);
    Files.createDirectories(folder(member.name()));
  }

  /** The reader waits after each mount until {@code bytes} are here, as the page asks him to. */
  void waitAfterMounting(long bytes) {
    arriving = bytes;
  }

  /** Where a machine's terminal is. */
  Path folder(String machine) {
    return world.path(machine);
  }

  /**
   * Tells a page to its end.
   *
   * @param name of the page, in the folder of the tutorials
   */
  void tell(String name) throws IOException, InterruptedException {
    for (Command command : Page.of("docs/tutorials/" + name + ".md").commands()) {
      tell(command);
    }
  }

  private void tell(Command command) throws IOException, InterruptedException {
    Member member = members.get(command.where());
    Place place = places.get(command.where());
    if (member == null || place == null) {
      fail("nobody is called " + command.where() + ": " + command);
      return;
    }
    Terminal terminal =
        new Terminal(place, folder(command.where()))
            .remember("export GODWIT_HOME=" + member.home());
    if (command.text().startsWith("godwit seed ")) {
      start(terminal, command);
    } else if (command.text().matches("godwit mount [^-].*")) {
      ChildProcess mount = start(terminal, command);
      mounts.put(at(command, 3), mount);
      awaitArrival(mount);
    } else {
      finish(terminal, command);
    }
  }

  private ChildProcess start(Terminal terminal, Command command)
      throws IOException, InterruptedException {
    String serving = command.text() + " --listen " + terminal.place().listen() + " --json";
    ChildProcess process = world.start(command.verb(), terminal.process(serving));
    process.await("ready", PATIENCE);
    return process;
  }

  private void awaitArrival(ChildProcess mount) throws IOException, InterruptedException {
    if (arriving > 0) {
      mount.await(
          arriving + " bytes",
          event -> Long.parseLong(event.getOrDefault("bytesHere", "0")) >= arriving,
          PATIENCE);
    }
  }

  private static long here(ChildProcess mount) {
    return mount.events().reversed().stream()
        .filter(event -> event.containsKey("bytesHere"))
        .mapToLong(event -> Long.parseLong(event.getOrDefault("bytesHere", "")))
        .findFirst()
        .orElse(0);
  }

  private void finish(Terminal terminal, Command command) throws IOException, InterruptedException {
    List<String> limited = new ArrayList<>(LIMIT);
    limited.addAll(terminal.command(command.text()));
    Outcome outcome = world.programs().run("", limited).succeeded();
    long here = mounts.values().stream().mapToLong(Story::here).max().orElse(0);
    told.add(new Told(command, outcome, here));
    if (!command.shown().isEmpty()) {
      assertTrue(
          new Shown(command.shown()).fits(outcome.out()),
          () -> "the page shows\n" + command.shown() + "and not\n" + outcome.out());
    }
    if (command.verb().equals("umount")) {
      ChildProcess mount = mounts.remove(at(command, 2));
      if (mount != null) {
        assertEquals(0, mount.awaitEnd(PATIENCE), mount::complaints);
      }
    }
  }

  private static String at(Command command, int word) {
    return command.text().split(" ", -1)[word];
  }

  /** What the commands that begin with {@code text} left, in their order. */
  List<Outcome> outcomes(String text) {
    return told(text).stream().map(Told::outcome).toList();
  }

  /** The commands that begin with {@code text}, in their order. */
  List<Told> told(String text) {
    return told.stream().filter(one -> one.command().text().startsWith(text)).toList();
  }

  /** How much of a resource was here whenever the page looked. */
  List<Here> here(String resource) {
    return outcomes("godwit mount --list").stream().map(list -> Here.of(list, resource)).toList();
  }
}
