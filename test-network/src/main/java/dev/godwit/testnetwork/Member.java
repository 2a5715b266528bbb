package dev.godwit.testnetwork;

import static dev.godwit.testnetwork.World.PATIENCE;

import dev.godwit.demo.ChildProcess;
import dev.godwit.node.NodeHome;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A node of a {@link World}: its name, and its keys in a folder of its own. */
public final class Member {
  private final World world;
  private final String name;
  private final Path home;
  private final Place place;

  Member(World world, String name, Path home, Place place) {
    this.world = world;
    this.name = name;
    this.home = home;
    this.place = place;
  }

  /** What it is called in its mesh. */
  public String name() {
    return name;
  }

  /** Its folder. */
  public Path home() {
    return home;
  }

  /** Its folder, for use inside this process. */
  public NodeHome nodeHome() {
    return World.nodeHome(home);
  }

  private List<String> command(List<String> arguments) {
    List<String> all = world.command(arguments.toArray(String[]::new));
    all.addAll(List.of("--home", home.toString()));
    return place.command(all);
  }

  /** Runs a verb of {@code godwit} as this node, without {@code --json}. */
  public Outcome run(String... arguments) throws IOException, InterruptedException {
    return runWith("", arguments);
  }

  /** Runs a verb of {@code godwit} as this node with that on its standard input. */
  public Outcome runWith(String input, String... arguments)
      throws IOException, InterruptedException {
    return world.programs().run(input, command(List.of(arguments)));
  }

  /** Starts a verb of {@code godwit} as this node. */
  public ChildProcess start(String... arguments) throws IOException {
    List<String> command = new ArrayList<>(command(List.of(arguments)));
    command.add("--json");
    return world.start(arguments[0], command);
  }

  /** Starts {@code seed}; returns when the resource is offered. */
  public ChildProcess seed(String resource, Path from, String... more)
      throws IOException, InterruptedException {
    ChildProcess seed = start(seedArguments(resource, from, more));
    seed.await("ready", PATIENCE);
    return seed;
  }

  /** Runs a {@code seed} that is expected to end soon. */
  public Outcome runSeed(String resource, Path from, String... more)
      throws IOException, InterruptedException {
    return run(seedArguments(resource, from, more));
  }

  private String[] seedArguments(String resource, Path from, String... more) {
    return arguments(List.of("seed", resource, "--from", from.toString()), more);
  }

  /**
   * Starts {@code leech}.
   *
   * @param name {@code NODE/RESOURCE}
   */
  public ChildProcess leech(String name, Path to, String... more) throws IOException {
    return start(leechArguments(name, to, more));
  }

  /** Runs a {@code leech} to its end. */
  public Outcome runLeech(String name, Path to, String... more)
      throws IOException, InterruptedException {
    return run(leechArguments(name, to, more));
  }

  /** Starts {@code leech} in a mount namespace of its own, after {@code script} has run there. */
  public ChildProcess leechAfter(String script, String name, Path to, String... more)
      throws IOException {
    return startAfter(script, leechArguments(name, to, more));
  }

  /** Starts a verb in a mount namespace of its own, after {@code script} has run there. */
  public ChildProcess startAfter(String script, String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of("unshare", "-rm", "sh", "-c", "set -e\n" + script + "\nexec \"$@\"", "sh"));
    command.addAll(command(List.of(arguments)));
    command.add("--json");
    return world.start(command);
  }

  private String[] leechArguments(String name, Path to, String... more) {
    return arguments(List.of("leech", name, "--to", to.toString()), more);
  }

  private String[] arguments(List<String> first, String... more) {
    List<String> all = new ArrayList<>(first);
    all.addAll(List.of("--listen", place.listen()));
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }
}
