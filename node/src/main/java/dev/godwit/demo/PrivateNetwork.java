package dev.godwit.demo;

import dev.godwit.demo.Venue.Spot;
import dev.godwit.stream.Interruption;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A network of three machines in namespaces of this one, for what does not work over loopback. It
 * has no way out. Needs root, or a user namespace in which one is root. Closing removes it.
 */
public final class PrivateNetwork implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(10);
  private static final List<String> MACHINES = List.of("hub", "alice", "bob");
  private static final String SWITCH = "switch";

  private final String prefix = "gwdemo" + ProcessHandle.current().pid() + "-";
  private final List<String> made = new ArrayList<>();

  private PrivateNetwork() {}

  /**
   * Makes the network.
   *
   * @throws IOException when that is not possible; says why
   */
  public static PrivateNetwork open() throws IOException {
    PrivateNetwork network = new PrivateNetwork();
    try {
      network.make();
      return network;
    } catch (IOException e) {
      network.close();
      throw e;
    }
  }

  private void make() throws IOException {
    add(SWITCH);
    ip("-n", prefix + SWITCH, "link", "add", "bridge", "type", "bridge");
    ip("-n", prefix + SWITCH, "link", "set", "bridge", "up");
    for (String machine : MACHINES) {
      add(machine);
      String inside = prefix + machine;
      ip(
          "-n",
          inside,
          "link",
          "add",
          "net",
          "type",
          "veth",
          "peer",
          "name",
          machine,
          "netns",
          prefix + SWITCH);
      ip("-n", prefix + SWITCH, "link", "set", machine, "master", "bridge", "up");
      ip("-n", inside, "address", "add", address(machine) + "/24", "dev", "net");
      ip("-n", inside, "link", "set", "net", "up");
      ip("-n", inside, "link", "set", "lo", "up");
    }
  }

  private void add(String name) throws IOException {
    ip("netns", "add", prefix + name);
    made.add(prefix + name);
  }

  /** From RFC 5737: no real machine has it. */
  private static String address(String machine) {
    return "192.0.2." + (MACHINES.indexOf(machine) + 1);
  }

  private Spot spot(String machine) throws IOException {
    return new Spot(
        List.of(program().toString(), "netns", "exec", prefix + machine), address(machine) + ":0");
  }

  /** Where the processes of a demo run in it. */
  public Venue venue() throws IOException {
    return new Venue(spot("hub"), spot("alice"), spot("bob"));
  }

  private static Path program() throws IOException {
    return Stream.of("/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip", "/bin/ip")
        .map(Path::of)
        .filter(Files::isExecutable)
        .findFirst()
        .orElseThrow(
            () ->
                new IOException("the program 'ip' is missing (Debian: apt-get install iproute2)"));
  }

  private static void ip(String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(program().toString()));
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
            .start();
    try {
      if (!process.waitFor(LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new IOException(String.join(" ", command) + " does not end");
      }
      String said =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      if (process.exitValue() != 0) {
        throw new IOException(String.join(" ", command) + ": " + said);
      }
    } catch (InterruptedException e) {
      throw Interruption.passedOn("interrupted", e);
    } finally {
      process.destroyForcibly();
    }
  }

  @Override
  public void close() throws IOException {
    IOException failure = null;
    for (String name : made) {
      try {
        ip("netns", "delete", name);
      } catch (IOException e) {
        failure = e;
      }
    }
    made.clear();
    if (failure != null) {
      throw failure;
    }
  }
}
