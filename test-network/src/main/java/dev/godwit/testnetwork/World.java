package dev.godwit.testnetwork;

import dev.godwit.demo.ChildProcess;
import dev.godwit.membership.Capability;
import dev.godwit.membership.Grant;
import dev.godwit.node.MeshFounding;
import dev.godwit.node.Node;
import dev.godwit.node.NodeHome;
import dev.godwit.node.NodeSettings;
import dev.godwit.signaling.HubAddress;
import dev.godwit.ticket.Ticket;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A hub and nodes as real processes of the built distribution, on loopback, with all their files in
 * one folder. Closing ends every process that was started here, and what those have started, and
 * fails when one of them had left something running behind.
 *
 * <p>For one thread.
 */
public final class World implements AutoCloseable {
  /** How long anything that should happen soon may take on a busy machine. */
  public static final Duration PATIENCE =
      Duration.ofMinutes(3).multipliedBy(Integer.getInteger("godwit.test.patience", 1));

  /** What everybody but the founder of a mesh may do. */
  static final Grant MEMBERS_GRANT =
      new Grant("*", Set.of(Capability.READ, Capability.WRITE, Capability.MIGRATE));

  static final String LOOPBACK = "127.0.0.1:0";

  /** Every process of this world inherits it, so that none gets lost. */
  private static final String MARK = "GODWIT_TEST_WORLD";

  private static final Duration POLITE = Duration.ofSeconds(15);

  /** More options of Java for the processes of all worlds; a system property. */
  private static final String JAVA_OPTIONS = "godwit.world.java";

  private final Path directory;
  private final Path launcher;
  private final Deque<ChildProcess> children = new ArrayDeque<>();
  private final Programs programs;
  private @Nullable ChildProcess hub;
  private int started;

  private World(Path directory, Path launcher) throws IOException {
    this.directory = directory;
    this.launcher = launcher;
    Files.createDirectories(temporary());
    this.programs = new Programs(directory, environment());
  }

  /**
   * An empty world.
   *
   * @param directory holds everything in it
   * @throws IOException when the system property {@code godwit.launcher} does not name the launcher
   *     of a built distribution
   */
  public static World in(Path directory) throws IOException {
    Path launcher = Path.of(System.getProperty("godwit.launcher", "godwit"));
    if (!Files.isExecutable(launcher)) {
      throw new IOException(
          launcher
              + " is not there; build it with 'mvn package -pl node -am', and say where it is"
              + " with -Dgodwit.launcher=FILE");
    }
    return new World(directory.toRealPath(), launcher);
  }

  /** A file in this world's folder. */
  public Path path(String name) {
    return directory.resolve(name);
  }

  /** Where the processes of this world put temporary files. */
  public Path temporary() {
    return directory.resolve("tmp");
  }

  /** Runs other programs in this world. */
  public Programs programs() {
    return programs;
  }

  private Map<String, String> environment() {
    return Map.of(
        MARK,
        directory.toString(),
        "GODWIT_JAVA_OPTS",
        "-Djava.io.tmpdir=" + temporary() + " " + System.getProperty(JAVA_OPTIONS, ""),
        "GODWIT_HOME",
        directory.resolve("nobody").toString());
  }

  /** A command line of {@code godwit}. */
  public List<String> command(String... arguments) {
    List<String> command = new ArrayList<>(List.of(launcher.toString()));
    command.addAll(List.of(arguments));
    return command;
  }

  /** Starts {@code godwit} with {@code --json}. */
  public ChildProcess start(String... arguments) throws IOException {
    List<String> command = command(arguments);
    command.add("--json");
    return start(command);
  }

  /** Starts a command that ends up as a {@code godwit} with {@code --json}. */
  ChildProcess start(List<String> command) throws IOException {
    return start(command.get(1), command);
  }

  /**
   * Starts a command that ends up as a {@code godwit} with {@code --json}.
   *
   * @param name for messages
   */
  public ChildProcess start(String name, List<String> command) throws IOException {
    ProcessBuilder builder = programs.builder(command);
    started++;
    ChildProcess child = ChildProcess.start(name + "-" + started, directory, builder, event -> {});
    children.push(child);
    return child;
  }

  /** Runs {@code godwit} as it is, with nothing on its standard input. */
  public Outcome run(String... arguments) throws IOException, InterruptedException {
    return programs.run("", command(arguments));
  }

  /** The hub's address; it is started when it is needed for the first time. */
  public HubAddress hub() throws IOException, InterruptedException {
    if (hub == null) {
      hub = start("hub", "--listen", LOOPBACK, "--data", path("hub").toString());
    }
    String address = hub.await("ready", PATIENCE).get("address");
    return HubAddress.parse(String.valueOf(address));
  }

  /** The hub's process. */
  public ChildProcess hubProcess() throws IOException, InterruptedException {
    hub();
    if (hub == null) {
      throw new IllegalStateException("the hub is not there");
    }
    return hub;
  }

  /**
   * Starts the hub with further options; returns when it serves.
   *
   * @param options of {@code godwit hub}
   */
  public ChildProcess hubWith(String... options) throws IOException, InterruptedException {
    if (hub != null) {
      throw new IllegalStateException("there is a hub already");
    }
    List<String> all =
        new ArrayList<>(List.of("hub", "--listen", LOOPBACK, "--data", path("hub").toString()));
    all.addAll(List.of(options));
    hub = start(all.toArray(String[]::new));
    return hubProcess();
  }

  /**
   * Starts the hub on another machine than this one.
   *
   * @param place where
   * @param listen address and port
   * @param options of {@code godwit hub}
   */
  public HubAddress hub(Place place, String listen, String... options)
      throws IOException, InterruptedException {
    if (hub != null) {
      throw new IllegalStateException("there is a hub already");
    }
    List<String> command = command("hub", "--listen", listen, "--data", path("hub").toString());
    command.addAll(List.of(options));
    command.add("--json");
    hub = start("hub", place.command(command));
    return hub();
  }

  /** A node that belongs to no mesh and has no files yet. */
  public Member stranger(String name) {
    return new Member(this, name, path("home-" + name), Place.HERE);
  }

  /** As {@link #stranger(String)}, on another machine. */
  public Member stranger(String name, Place place) {
    return new Member(this, name, path("home-" + name), place);
  }

  /**
   * Makes a mesh.
   *
   * @param names its members; the first one makes it and may do everything, the others may read,
   *     write and migrate everything
   */
  public List<Member> mesh(String... names) throws IOException, InterruptedException {
    List<Member> members = Stream.of(names).map(this::stranger).toList();
    Member founder = members.getFirst();
    MeshFounding.create(founder.nodeHome(), "test", founder.name(), hub());
    try (Node node = Node.start(founder.nodeHome(), loopback())) {
      for (Member member : members.subList(1, members.size())) {
        Ticket ticket =
            MeshFounding.invite(
                founder.nodeHome(), member.name(), List.of(MEMBERS_GRANT), Duration.ofMinutes(5));
        MeshFounding.join(member.nodeHome(), ticket.text());
      }
    }
    return members;
  }

  /**
   * Makes a mesh of nodes on other machines.
   *
   * @param place from where the hub can be reached
   * @param members the first one makes it and may do everything, the others may read, write and
   *     migrate everything
   */
  public void found(Place place, List<Member> members) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                Founding.class.getName(),
                hub().toString()));
    for (Member member : members) {
      command.add(member.name());
      command.add(member.home().toString());
    }
    programs.run("", place.command(command)).succeeded();
  }

  /** How nodes inside the calling process are run. */
  public static NodeSettings loopback() {
    return NodeSettings.standard()
        .withListen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
  }

  static NodeHome nodeHome(Path directory) {
    return new NodeHome(directory, new SecureRandom());
  }

  /** Sends a signal, for example {@code STOP}. */
  public void signal(String signal, long pid) throws IOException, InterruptedException {
    programs.run("", List.of("kill", "-" + signal, Long.toString(pid))).succeeded();
  }

  /**
   * The processes of this world that run right now, with their command lines. A marked environment
   * finds them even when their parents have ended.
   */
  public Map<Long, String> running() throws IOException {
    Map<Long, String> running = new TreeMap<>();
    List<ProcessHandle> all = ProcessHandle.allProcesses().toList();
    for (ProcessHandle process : all) {
      Path proc = Path.of("/proc", Long.toString(process.pid()));
      if (read(proc.resolve("environ")).contains(MARK + "=" + directory + "\0")) {
        running.put(process.pid(), read(proc.resolve("cmdline")).replace('\0', ' ').strip());
      }
    }
    return running;
  }

  /** What a file of a process says; nothing when it has ended or belongs to somebody else. */
  private static String read(Path file) throws IOException {
    try {
      return Files.isReadable(file)
          ? new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1)
          : "";
    } catch (NoSuchFileException e) {
      return "";
    } catch (IOException e) {
      if (Files.exists(file.resolveSibling("comm"))) {
        return "";
      }
      throw e;
    }
  }

  @Override
  public void close() throws IOException {
    for (ChildProcess child : children) {
      ProcessHandle.of(child.pid()).ifPresent(ProcessHandle::destroy);
    }
    long deadline = System.nanoTime() + POLITE.toNanos();
    List<String> stubborn = new ArrayList<>();
    for (ChildProcess child : children) {
      Optional<ProcessHandle> process = ProcessHandle.of(child.pid());
      if (process.isPresent() && !ends(process.get(), deadline)) {
        stubborn.add("process " + child.pid() + " did not end when asked to");
      }
      child.close();
    }
    running()
        .forEach(
            (pid, command) -> {
              Optional<ProcessHandle> process = ProcessHandle.of(pid);
              // What a killed process had started sees its end, and needs a moment for its own.
              if (process.isPresent() && !ends(process.get(), deadline)) {
                process.get().destroyForcibly();
                stubborn.add("process " + pid + " was left behind: " + command);
              }
            });
    unmount(stubborn);
    if (!stubborn.isEmpty()) {
      throw new IllegalStateException(String.join("; ", stubborn));
    }
  }

  /** What killed processes have left mounted in this folder. */
  private void unmount(List<String> stubborn) throws IOException {
    // What was mounted last may be on what was mounted before.
    for (String line : Files.readAllLines(Path.of("/proc/self/mounts")).reversed()) {
      String at = line.split(" ", -1)[1];
      if (at.startsWith(directory + "/")) {
        try {
          Outcome unmounted = programs().run("umount", "-l", at);
          if (unmounted.status() != 0) {
            stubborn.add(at + " is still mounted: " + unmounted.err());
          }
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          stubborn.add(at + " is still mounted");
        }
      }
    }
  }

  private static boolean ends(ProcessHandle process, long deadline) {
    try {
      process.onExit().get(Math.max(1, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
      return true;
    } catch (TimeoutException e) {
      return !process.isAlive();
    } catch (ExecutionException e) {
      throw new UncheckedIOException(new IOException("waiting for a process failed", e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return !process.isAlive();
    }
  }
}
