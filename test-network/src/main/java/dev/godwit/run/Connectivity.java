package dev.godwit.run;

import dev.godwit.demo.ChildProcess;
import dev.godwit.internet.Host;
import dev.godwit.internet.Internet;
import dev.godwit.internet.LinkProfile;
import dev.godwit.internet.NatKind;
import dev.godwit.path.Way;
import dev.godwit.testnetwork.Member;
import dev.godwit.testnetwork.Place;
import dev.godwit.testnetwork.World;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Every kind of NAT against every other, over every transport: real nodes in a virtual internet
 * whose links take 25 ms each way, so 50 ms to the hub and back, and 100 ms between two nodes.
 */
public final class Connectivity {
  /** The column in which the node chooses the transport. */
  static final String AUTOMATIC = "automatic";

  /** More than a packet passes that is only to open a translator. */
  private static final int ROUTERS = 10;

  private static final Duration DELAY = Duration.ofMillis(25);
  private static final double CONNECT_MILLIS = 5000;
  private static final double RELAY_MILLIS = 1000;
  private static final String PUBLIC = "public";
  private static final String HUB = "hub.test";

  /** As long as {@code endpoint-independent → endpoint-independent}, and a bit more. */
  private static final String NAME = "%-48s";

  /** As long as {@code punched webrtc 12345 ms !}, and a bit more. */
  private static final String CELL = "%-28s";

  private final PrintStream out;
  private final List<NatKind> kinds;
  private final List<String> columns;
  private final double slack;
  private final Map<NatKind, Member> callers = new EnumMap<>(NatKind.class);
  private final Map<NatKind, Member> callees = new EnumMap<>(NatKind.class);
  private final ConnectivityTable table;

  private Connectivity(PrintStream out, List<NatKind> kinds, List<String> columns, double slack) {
    this.out = out;
    this.kinds = kinds;
    this.columns = columns;
    this.slack = slack;
    this.table = new ConnectivityTable(columns);
  }

  /**
   * Runs the whole matrix.
   *
   * @param arguments {@code --table FILE} writes it as Markdown too; {@code --kinds A,B} and {@code
   *     --transports A,B} run a part of it; {@code --slack FACTOR} lets everything take so many
   *     times as long, for a busy machine
   * @return whether every cell is as it has to be
   */
  static boolean run(PrintStream out, Path directory, List<String> arguments)
      throws IOException, InterruptedException {
    List<NatKind> kinds = List.of(NatKind.values());
    List<String> columns =
        Stream.concat(Stream.of(Way.values()).map(Way::word), Stream.of(AUTOMATIC)).toList();
    @Nullable Path table = null;
    double slack = 1;
    for (int i = 0; i + 1 < arguments.size(); i += 2) {
      List<String> values = List.of(arguments.get(i + 1).split(",", -1));
      switch (arguments.get(i)) {
        case "--kinds" -> kinds = values.stream().map(Connectivity::kind).toList();
        case "--transports" -> columns = values;
        case "--slack" -> slack = Double.parseDouble(arguments.get(i + 1));
        case "--table" -> table = Path.of(arguments.get(i + 1));
        default -> throw new IllegalArgumentException("unknown option " + arguments.get(i));
      }
    }
    Connectivity matrix = new Connectivity(out, kinds, columns, slack);
    boolean good = matrix.run(directory);
    if (table != null) {
      String command = "test-network/run connectivity " + String.join(" ", arguments);
      Files.writeString(table, matrix.table.markdown(command));
    }
    return good;
  }

  private static NatKind kind(String word) {
    return word.equals(PUBLIC)
        ? NatKind.NONE
        : NatKind.valueOf(word.toUpperCase(Locale.ROOT).replace('-', '_'));
  }

  private static String word(NatKind kind) {
    return kind == NatKind.NONE ? PUBLIC : kind.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private boolean run(Path directory) throws IOException, InterruptedException {
    LinkProfile link = LinkProfile.PERFECT.withDelay(DELAY);
    try (Internet internet = Internet.create(1);
        World world = World.in(directory)) {
      internet.lengthen(ROUTERS);
      Host server = internet.dualStack("hub", LinkProfile.PERFECT);
      List<Member> members = new ArrayList<>();
      for (NatKind kind : kinds) {
        callers.put(kind, member(internet, world, "a-" + word(kind), kind, link));
        callees.put(kind, member(internet, world, "b-" + word(kind), kind, link));
      }
      internet.publish(HUB, server);
      var _ = world.hub(Place.on(server), ":443", "--advertise", HUB);
      members.addAll(callers.values());
      members.addAll(callees.values());
      world.found(Place.on(server), members);
      for (Member callee : callees.values()) {
        ChildProcess up = callee.start("up");
        var _ = up.await("ready", World.PATIENCE);
      }
      out.printf(NAME, "");
      columns.forEach(column -> out.printf(CELL, column));
      out.println();
      for (NatKind from : kinds) {
        for (NatKind to : kinds) {
          String name = word(from) + " → " + word(to);
          out.printf(NAME, name);
          List<ConnectivityCell> row = row(from, to);
          row.forEach(cell -> out.printf(CELL, cell.text()));
          out.println();
          out.flush();
          table.add(name, row);
        }
      }
    }
    table.complain(out);
    return table.isGood();
  }

  private static Member member(
      Internet internet, World world, String name, NatKind kind, LinkProfile link)
      throws IOException {
    Host host =
        kind == NatKind.NONE ? internet.dualStack(name, link) : internet.host(name, kind, link);
    return world.stranger(name, Place.on(host));
  }

  /**
   * Connects one pair over every transport: those that must work one after the other, since it
   * counts how long they take, those that cannot all together.
   */
  private List<ConnectivityCell> row(NatKind from, NatKind to)
      throws IOException, InterruptedException {
    Map<String, ConnectivityCell> cells = new HashMap<>();
    Map<String, ChildProcess> vain = new LinkedHashMap<>();
    for (String column : columns) {
      if (mustConnect(from, to, column)) {
        cells.put(column, cell(from, to, column, ping(from, to, column)));
      }
    }
    for (String column : columns) {
      if (!cells.containsKey(column)) {
        vain.put(column, ping(from, to, column));
      }
    }
    for (Map.Entry<String, ChildProcess> each : vain.entrySet()) {
      cells.put(each.getKey(), cell(from, to, each.getKey(), each.getValue()));
    }
    return columns.stream().map(column -> Objects.requireNonNull(cells.get(column))).toList();
  }

  private static boolean mustConnect(NatKind from, NatKind to, String column) {
    return column.equals(AUTOMATIC)
        || column.equals(Way.RELAY.word())
        || Reachability.obstacle(from, to, way(column)).isEmpty();
  }

  private ChildProcess ping(NatKind from, NatKind to, String column) throws IOException {
    List<String> command = new ArrayList<>(List.of("ping", callee(to).name(), "--count", "1"));
    if (!column.equals(AUTOMATIC)) {
      command.addAll(List.of("--transport", column));
    }
    return caller(from).start(command.toArray(String[]::new));
  }

  private ConnectivityCell cell(NatKind from, NatKind to, String column, ChildProcess started)
      throws IOException, InterruptedException {
    Map<String, String> result;
    try (ChildProcess ping = started) {
      result = ping.await("result", World.PATIENCE);
      var _ = ping.awaitEnd(World.PATIENCE);
    }
    boolean connected = "true".equals(result.get("ok"));
    String path = connected ? result.getOrDefault("path", "") : "-";
    double millis = connected ? Double.parseDouble(result.getOrDefault("connectMs", "0")) : 0;
    Optional<String> obstacle =
        column.equals(AUTOMATIC)
            ? straight(from, to)
            : Reachability.obstacle(from, to, way(column));
    String complaint =
        connected
            ? complaint(column, path, millis, obstacle)
            : mustConnect(from, to, column)
                ? "no connection: " + result.getOrDefault("error", "")
                : null;
    return new ConnectivityCell(
        path, connected ? result.getOrDefault("transport", "") : "", millis, obstacle, complaint);
  }

  /** Why no transport gets there without a third party. */
  private static Optional<String> straight(NatKind from, NatKind to) {
    List<String> obstacles = new ArrayList<>();
    for (Way way : List.of(Way.QUIC, Way.TLS, Way.WEBRTC)) {
      Optional<String> obstacle = Reachability.obstacle(from, to, way);
      if (obstacle.isEmpty()) {
        return Optional.empty();
      }
      obstacles.add(way.word() + ": " + obstacle.get());
    }
    return Optional.of(String.join("; ", obstacles));
  }

  private static Way way(String column) {
    return Way.of(column).orElseThrow(() -> new IllegalArgumentException(column));
  }

  /** What is wrong with a connection that there is. */
  private @Nullable String complaint(
      String column, String path, double millis, Optional<String> obstacle) {
    if (column.equals(Way.RELAY.word())) {
      return millis > RELAY_MILLIS * slack ? "first byte only after " + millis + " ms" : null;
    }
    // Which path the automatic one has at its first answer is a race; that it has one is not.
    if (!column.equals(AUTOMATIC)) {
      if (obstacle.isPresent()) {
        return "connected although it cannot: " + obstacle.get();
      }
      if (path.equals("relay")) {
        return "through a relay";
      }
    }
    return millis > CONNECT_MILLIS * slack ? "too slow: " + millis + " ms" : null;
  }

  private Member caller(NatKind kind) {
    return Objects.requireNonNull(callers.get(kind));
  }

  private Member callee(NatKind kind) {
    return Objects.requireNonNull(callees.get(kind));
  }
}
