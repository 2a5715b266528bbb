package dev.godwit.demo;

import dev.godwit.backend.FileBackend;
import dev.godwit.libc.NativeSparseFile;
import dev.godwit.membership.Capability;
import dev.godwit.membership.Grant;
import dev.godwit.node.MeshFounding;
import dev.godwit.node.NodeHome;
import dev.godwit.path.Way;
import dev.godwit.signaling.HubAddress;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The main job on one machine: a hub, two nodes and a program, each a process of its own; the
 * program's state moves from one node to the other while it writes, and a checker proves that
 * nothing was lost. Leaves nothing behind.
 */
public final class Demo implements AutoCloseable {
  private static final File NOTHING = new File("/dev/null");
  private static final Duration START = Duration.ofSeconds(30);
  private static final Duration MOVE = Duration.ofMinutes(30);
  private static final Duration REMOVAL = Duration.ofSeconds(30);
  private static final long COPIED = 16 << 20;
  private static final Duration WARM_UP = Duration.ofMillis(1500);
  private static final Duration AFTERWARDS = Duration.ofMillis(1500);

  private final Options options;
  private final Stage stage;
  private final DemoFolder folder;
  private final Path directory;
  private final Deque<ChildProcess> children = new ArrayDeque<>();
  private boolean ended;

  /**
   * What to show.
   *
   * @param launcher starts a {@code godwit} process
   * @param venue where its processes run
   * @param way how the nodes connect; empty for whatever works
   * @param size bytes of state, when {@code state} is empty
   * @param writeRate how fast the program writes, bytes a second
   * @param state a file to take the state from; it is copied, not touched
   */
  public record Options(
      List<String> launcher,
      Venue venue,
      Optional<Way> way,
      long size,
      long writeRate,
      Optional<Path> state) {
    /** Copies the list. */
    public Options {
      launcher = List.copyOf(launcher);
    }
  }

  /** Hears how it goes; called from several threads. */
  public interface Stage {
    /** The hub is up. */
    void hub(String address);

    /** The first node offers the state and the program writes to it. */
    void writing(long size);

    /** The state is on its way. */
    void moving(Map<String, String> progress, long recordsSoFar);

    /**
     * The program goes on at the second node.
     *
     * @param downtimeMillis what the program saw
     * @param parts how long which part took, as the second node says
     */
    void handedOver(double downtimeMillis, Map<String, String> parts);

    /** Everything is at the second node. */
    void complete(Map<String, String> outcome);

    /** Anything that the second node says, as it says it. */
    default void heard(Map<String, String> event) {}

    /** The checker is at work, and has read so many bytes of the state. */
    void checking(long done, long total);
  }

  /**
   * What came of it.
   *
   * @param path how the bytes went
   * @param bytes that were fetched, over all rounds
   * @param rounds how many rounds there were
   * @param downtimeMillis what the program saw: from its last acknowledged write on one side to its
   *     first on the other
   * @param recordsBefore acknowledged at the first node
   * @param recordsAfter acknowledged at the second node
   * @param report what the checker found
   */
  public record Result(
      String path,
      long bytes,
      long rounds,
      double downtimeMillis,
      long recordsBefore,
      long recordsAfter,
      RecordChecker.Report report) {}

  /** Prepares a folder for everything that the demo makes. */
  public Demo(Options options, Stage stage) throws IOException {
    this.options = options;
    this.stage = stage;
    this.folder = new DemoFolder();
    this.directory = folder.path();
  }

  /** Where everything is that the demo makes. */
  public Path folder() {
    return directory;
  }

  /**
   * Shows it.
   *
   * @throws IOException when something did not work; the message says what
   */
  public Result run() throws IOException, InterruptedException {
    Venue venue = options.venue();
    ChildProcess hub =
        godwit(
            "hub",
            venue.hub(),
            NOTHING,
            event -> {},
            "hub",
            "--listen",
            venue.hub().listen(),
            "--data",
            path("hub-data"));
    HubAddress address = HubAddress.parse(member(hub.await("ready", START), "address"));
    stage.hub(address.hostAndPort());

    Files.createDirectories(directory.resolve("alice"));
    Files.createDirectories(directory.resolve("bob"));
    Path invitation = found(venue, address);

    Path source = directory.resolve("alice/state");
    prepareState(source);
    ChildProcess seed =
        godwit(
            "alice",
            venue.alice(),
            NOTHING,
            event -> {},
            "seed",
            "state",
            "--listen",
            venue.alice().listen(),
            "--home",
            path("alice"),
            "--from",
            source.toString(),
            "--device",
            "nbd:unix:" + path("alice.sock"),
            "--on-suspend",
            "read -r pid < " + quoted(path("program.pid")) + " && kill -STOP \"$pid\"");
    seed.await("ready", START);

    Path before = directory.resolve("program-alice.log");
    Path after = directory.resolve("program-bob.log");
    ChildProcess writer = program("program-alice", path("alice.sock"), before);
    Files.writeString(directory.resolve("program.pid"), writer.pid() + "\n");
    // Started beforehand: it waits for its device, which comes with the leech.
    ChildProcess successor = program("program-bob", path("bob.sock"), after);
    join(venue, invitation);
    writer.await("ready", START);
    awaitRecords(before, options.writeRate() / RecordFormat.BYTES * WARM_UP.toMillis() / 1000);
    stage.writing(Files.size(source));

    Path target = directory.resolve("bob/state");
    String[] way = {""};
    List<String> command =
        new ArrayList<>(
            List.of(
                "leech",
                "alice/state",
                "--listen",
                venue.bob().listen(),
                "--home",
                path("bob"),
                "--to",
                target.toString(),
                "--device",
                "nbd:unix:" + path("bob.sock")));
    options.way().ifPresent(only -> command.addAll(List.of("--transport", only.word())));
    ChildProcess leech =
        godwit(
            "bob",
            venue.bob(),
            NOTHING,
            event -> {
              stage.heard(event);
              if ("progress".equals(event.get("event"))) {
                String route = event.getOrDefault("path", "");
                if (!route.isEmpty()) {
                  way[0] = route;
                }
                stage.moving(event, count(before));
              }
            },
            command.toArray(String[]::new));
    Map<String, String> complete = leech.await("complete", MOVE);
    awaitRecords(after, 1);
    double downtime = downtime(before, after);
    stage.handedOver(downtime, leech.await("handover", START));
    stage.complete(complete);
    awaitRecords(after, options.writeRate() / RecordFormat.BYTES * AFTERWARDS.toMillis() / 1000);

    expectGood("the program at bob", successor, successor.stop());
    expectGood("bob", leech, leech.stop());
    expectGood("alice", seed, seed.awaitEnd(START));
    return check(target, before, after, downtime, complete, way[0]);
  }

  /** Makes the mesh; returns a file with an invitation for bob. */
  private Path found(Venue venue, HubAddress address) throws IOException, InterruptedException {
    Path invitation = directory.resolve("invitation");
    String ticket;
    if (venue.equals(Venue.LOOPBACK)) {
      NodeHome alice = new NodeHome(directory.resolve("alice"), new SecureRandom());
      MeshFounding.create(alice, "demo", "alice", address);
      ticket =
          MeshFounding.invite(
                  alice,
                  "bob",
                  List.of(new Grant("*", EnumSet.of(Capability.MIGRATE))),
                  Duration.ofMinutes(5))
              .text();
    } else {
      ChildProcess create =
          alice("create", "mesh", "create", "demo", "--as", "alice", "--hub", address.toString());
      expectGood("mesh create", create, create.awaitEnd(START));
      ChildProcess invite = alice("invite", "mesh", "invite", "bob", "--no-wait");
      ticket = member(invite.await("ticket", START), "ticket");
      expectGood("mesh invite", invite, invite.awaitEnd(START));
    }
    return Files.writeString(invitation, ticket + "\n");
  }

  private ChildProcess alice(String name, String... arguments) throws IOException {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of("--home", path("alice")));
    return godwit(name, options.venue().alice(), NOTHING, event -> {}, all.toArray(String[]::new));
  }

  private void join(Venue venue, Path invitation) throws IOException, InterruptedException {
    if (venue.equals(Venue.LOOPBACK)) {
      MeshFounding.join(
          new NodeHome(directory.resolve("bob"), new SecureRandom()),
          Files.readString(invitation).strip());
    } else {
      ChildProcess join =
          godwit(
              "join",
              venue.bob(),
              invitation.toFile(),
              event -> {},
              "mesh",
              "join",
              "--home",
              path("bob"));
      expectGood("mesh join", join, join.awaitEnd(START));
    }
  }

  /**
   * Kills a process, as if its machine had lost power; the demo goes on without it if it can.
   *
   * @param name {@code hub}, {@code alice} or {@code bob}
   */
  public void kill(String name) throws IOException {
    synchronized (children) {
      for (ChildProcess child : children) {
        if (child.name().equals(name)) {
          children.remove(child);
          child.close();
          return;
        }
      }
    }
    throw new IOException("there is no process '" + name + "'");
  }

  private static void expectGood(String who, ChildProcess child, int status) throws IOException {
    if (status != 0) {
      throw new IOException(who + " ended with status " + status + child.complaints());
    }
  }

  private void prepareState(Path source) throws IOException {
    if (options.state().isPresent()) {
      copy(options.state().get(), source);
    } else {
      FileBackend.create(source, options.size(), NativeSparseFile.opener()).close();
    }
  }

  /** As {@link Files#copy}, but it can be interrupted. */
  private static void copy(Path from, Path to) throws IOException {
    try (FileChannel in = FileChannel.open(from);
        FileChannel out =
            FileChannel.open(to, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      long size = in.size();
      long done = 0;
      while (done < size) {
        long more = in.transferTo(done, Math.min(COPIED, size - done), out);
        if (more <= 0) {
          throw new IOException(from + " has become shorter while it was copied");
        }
        done += more;
      }
    }
  }

  private Result check(
      Path target,
      Path before,
      Path after,
      double downtime,
      Map<String, String> complete,
      String way)
      throws IOException {
    List<AckLog.Ack> acks = new ArrayList<>(AckLog.read(before));
    long first = acks.size();
    acks.addAll(AckLog.read(after));
    RecordChecker.Report report;
    try (FileBackend moved = FileBackend.open(target, NativeSparseFile.opener());
        @Nullable FileBackend original = original()) {
      report = new RecordChecker().check(acks, moved, original, stage::checking);
    }
    return new Result(
        way,
        Long.parseLong(member(complete, "bytes")),
        Long.parseLong(member(complete, "rounds")),
        downtime,
        first,
        acks.size() - first,
        report);
  }

  private @Nullable FileBackend original() throws IOException {
    return options.state().isPresent()
        ? FileBackend.open(options.state().get(), NativeSparseFile.opener())
        : null;
  }

  private static double downtime(Path before, Path after) throws IOException {
    return (AckLog.read(after).getFirst().micros() - AckLog.read(before).getLast().micros())
        / 1000.0;
  }

  private static long count(Path log) {
    try {
      return AckLog.count(log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void awaitRecords(Path log, long count) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + MOVE.toNanos();
    while (AckLog.count(log) < count) {
      synchronized (children) {
        for (ChildProcess child : children) {
          child.failIfDead();
        }
      }
      if (System.nanoTime() > deadline) {
        throw new IOException("the program writes nothing");
      }
      LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
      if (Thread.interrupted()) {
        throw new InterruptedException("stopped");
      }
    }
  }

  private ChildProcess program(String name, String socket, Path log) throws IOException {
    return godwit(
        name,
        Venue.LOOPBACK.hub(),
        NOTHING,
        event -> {},
        "demo-program",
        "--device",
        "nbd:unix:" + socket,
        "--log",
        log.toString(),
        "--write-rate",
        Long.toString(options.writeRate()));
  }

  private ChildProcess godwit(
      String name,
      Venue.Spot spot,
      File input,
      Consumer<Map<String, String>> listener,
      String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>(spot.prefix());
    command.addAll(options.launcher());
    command.addAll(List.of(arguments));
    command.add("--json");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectInput(ProcessBuilder.Redirect.from(input));
    // What they unpack goes with all the rest, even when they are killed.
    builder.environment().put("GODWIT_NATIVE_DIR", directory.toString());
    synchronized (children) {
      if (ended) {
        throw new IOException("the demo was stopped");
      }
      ChildProcess child = ChildProcess.start(name, directory, builder, listener);
      children.push(child);
      return child;
    }
  }

  private String path(String name) {
    return directory.resolve(name).toString();
  }

  private static String quoted(String path) {
    return "'" + path.replace("'", "'\\''") + "'";
  }

  private static String member(Map<String, String> event, String name) throws IOException {
    String value = event.get(name);
    if (value == null) {
      throw new IOException("an event has no " + name);
    }
    return value;
  }

  /** Ends every process that was started, without waiting for it; no other one is started. */
  public void kill() {
    synchronized (children) {
      ended = true;
      children.forEach(ChildProcess::kill);
    }
  }

  /**
   * Ends every process that was started and removes every file that was made, keys first.
   *
   * @throws IOException when something is left
   */
  @Override
  public void close() throws IOException {
    kill();
    folder.removeKeys();
    synchronized (children) {
      while (!children.isEmpty()) {
        children.pop().close();
      }
    }
    folder.remove(REMOVAL);
  }
}
