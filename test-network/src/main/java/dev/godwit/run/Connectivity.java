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
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Every kind of NAT against every other, over every transport: real nodes in a virtual internet
 * whose links take 25 ms each way, so 50 ms to the hub and back, and 100 ms between two nodes.
 */
public final class Connectivity {
  private static final Duration DELAY = Duration.ofMillis(25);
  private static final double CONNECT_MILLIS = 5000;
  private static final double RELAY_MILLIS = 1000;
  private static final String AUTOMATIC = "automatic";
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
  private final Map<String, List<Cell>> rows = new LinkedHashMap<>();

  /**
   * What became of one attempt.
   *
   * @param path {@code direct}, {@code punched}, {@code relay}, or {@code -} when there was none
   * @param transport over which
   * @param millis until the first answer
   * @param obstacle why it cannot be better, if so
   * @param complaint what is wrong with it; null when nothing is
   */
  private record Cell(
      String path,
      String transport,
      double millis,
      Optional<String> obstacle,
      @Nullable String complaint) {}

  private Connectivity(PrintStream out, List<NatKind> kinds, List<String> columns, double slack) {
    this.out = out;
    this.kinds = kinds;
    this.columns = columns;
    this.slack = slack;
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
      Files.writeString(table, matrix.markdown(arguments));
    }
    return good;
  }

  private static NatKind kind(String word) {
    return NatKind.valueOf(word.toUpperCase(Locale.ROOT).replace('-', '_'));
  }

  private static String word(NatKind kind) {
    return kind == NatKind.NONE ? "public" : kind.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private boolean run(Path directory) throws IOException, InterruptedException {
    LinkProfile link = LinkProfile.PERFECT.withDelay(DELAY);
    boolean good = true;
    try (Internet internet = Internet.create(1);
        World world = World.in(directory)) {
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
          List<Cell> row = row(from, to);
          row.forEach(cell -> out.printf(CELL, text(cell)));
          out.println();
          out.flush();
          good &= row.stream().allMatch(cell -> cell.complaint() == null);
          rows.put(name, row);
        }
      }
    }
    complain();
    return good;
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
  private List<Cell> row(NatKind from, NatKind to) throws IOException, InterruptedException {
    Map<String, Cell> cells = new HashMap<>();
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

  private Cell cell(NatKind from, NatKind to, String column, ChildProcess started)
      throws IOException, InterruptedException {
    Map<String, String> result;
    try (ChildProcess ping = started) {
      result = ping.await("result", World.PATIENCE);
      var _ = ping.awaitEnd(World.PATIENCE);
    }
    boolean connected = "true".equals(result.get("ok"));
    Cell seen =
        new Cell(
            connected ? result.getOrDefault("path", "") : "-",
            connected ? result.getOrDefault("transport", "") : "",
            connected ? Double.parseDouble(result.getOrDefault("connectMs", "0")) : 0,
            column.equals(AUTOMATIC)
                ? straight(from, to)
                : Reachability.obstacle(from, to, way(column)),
            null);
    return new Cell(
        seen.path,
        seen.transport,
        seen.millis,
        seen.obstacle,
        complaint(seen, column, result.getOrDefault("error", "")));
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

  private @Nullable String complaint(Cell cell, String column, String error) {
    boolean connected = !cell.path.equals("-");
    if (column.equals(AUTOMATIC)) {
      // Which path it has at its first answer is a race; that it has one is not.
      return !connected
          ? "no connection: " + error
          : cell.millis > CONNECT_MILLIS * slack ? "too slow: " + cell.millis + " ms" : null;
    }
    if (column.equals(Way.RELAY.word())) {
      return !connected
          ? "no connection: " + error
          : cell.millis > RELAY_MILLIS * slack
              ? "first byte only after " + cell.millis + " ms"
              : null;
    }
    if (cell.obstacle.isPresent()) {
      return connected ? "connected although it cannot: " + cell.obstacle.get() : null;
    }
    return !connected
        ? "no connection: " + error
        : cell.path.equals("relay")
            ? "through a relay"
            : cell.millis > CONNECT_MILLIS * slack ? "too slow: " + cell.millis + " ms" : null;
  }

  private Member caller(NatKind kind) {
    return Objects.requireNonNull(callers.get(kind));
  }

  private Member callee(NatKind kind) {
    return Objects.requireNonNull(callees.get(kind));
  }

  private static String text(Cell cell) {
    String what =
        cell.path.equals("-")
            ? "-"
            : cell.path
                + (cell.path.equals("relay") ? "" : " " + cell.transport)
                + String.format(Locale.ROOT, " %.0f ms", cell.millis);
    return cell.complaint == null ? what : what + " !";
  }

  private void complain() {
    rows.forEach(
        (name, row) -> {
          for (int i = 0; i < row.size(); i++) {
            Cell cell = row.get(i);
            if (cell.complaint != null) {
              out.println(name + ", " + columns.get(i) + ": " + cell.complaint);
            }
          }
        });
  }

  private String markdown(List<String> arguments) {
    StringBuilder text = new StringBuilder();
    text.append("# Connectivity\n\nMade by `")
        .append(String.join(" ", concat("test-network/run connectivity", arguments)))
        .append("`: real nodes in a virtual internet, 50 ms to the hub and back, 100 ms between")
        .append(" two nodes. The times are until the first answer, with the start of the path; a")
        .append(" `-` means no connection, a `!` that this is not as it has to be.\n\n");
    text.append("| from → to | ").append(String.join(" | ", columns)).append(" |\n| --- |");
    text.append(" --- |".repeat(columns.size())).append('\n');
    rows.forEach(
        (name, row) ->
            text.append("| ")
                .append(name)
                .append(" | ")
                .append(row.stream().map(Connectivity::text).collect(Collectors.joining(" | ")))
                .append(" |\n"));
    obstacles()
        .forEach(
            (why, pairs) -> {
              text.append("\n**").append(why).append("**, for ");
              text.append(pairs.size()).append(pairs.size() == 1 ? " pair" : " pairs");
              text.append(", which need another transport or the relay.\n\n");
              pairs.forEach(
                  (pair, ways) ->
                      text.append("- ")
                          .append(pair)
                          .append(" (")
                          .append(String.join(", ", ways))
                          .append(")\n"));
            });
    return text.toString();
  }

  private static List<String> concat(String first, List<String> others) {
    return Stream.concat(Stream.of(first), others.stream()).toList();
  }

  /** For each reason the pairs that it keeps apart, and over which transports. */
  private Map<String, Map<String, List<String>>> obstacles() {
    Map<String, Map<String, List<String>>> all = new LinkedHashMap<>();
    rows.forEach(
        (name, row) -> {
          for (int i = 0; i < row.size(); i++) {
            String column = columns.get(i);
            if (!column.equals(AUTOMATIC) && !column.equals(Way.RELAY.word())) {
              row.get(i)
                  .obstacle
                  .ifPresent(
                      why ->
                          all.computeIfAbsent(sentence(why), key -> new LinkedHashMap<>())
                              .computeIfAbsent(name, key -> new ArrayList<>())
                              .add(column));
            }
          }
        });
    return all;
  }

  private static String sentence(String why) {
    return why.substring(0, 1).toUpperCase(Locale.ROOT) + why.substring(1);
  }
}
