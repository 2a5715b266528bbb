package dev.godwit.run;

import dev.godwit.path.Way;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** What became of every attempt, for people. For one thread. */
final class ConnectivityTable {
  private final List<String> columns;
  private final Map<String, List<ConnectivityCell>> rows = new LinkedHashMap<>();

  /**
   * An empty table.
   *
   * @param columns transports, or {@link Connectivity#AUTOMATIC}
   */
  ConnectivityTable(List<String> columns) {
    this.columns = columns;
  }

  /** Adds a pair, with a cell for each column. */
  void add(String pair, List<ConnectivityCell> row) {
    rows.put(pair, row);
  }

  boolean isGood() {
    return rows.values().stream().flatMap(List::stream).allMatch(cell -> cell.complaint() == null);
  }

  /** Tells what is not as it has to be. */
  void complain(PrintStream out) {
    rows.forEach(
        (name, row) -> {
          for (int i = 0; i < row.size(); i++) {
            ConnectivityCell cell = row.get(i);
            if (cell.complaint() != null) {
              out.println(name + ", " + columns.get(i) + ": " + cell.complaint());
            }
          }
        });
  }

  /**
   * All of it, and what the obstacles are.
   *
   * @param command what it was made with
   */
  String markdown(String command) {
    StringBuilder text = new StringBuilder();
    text.append("# Connectivity\n\nMade by `")
        .append(command)
        .append("`: real nodes in a virtual internet, 50 ms to the hub and back, 100 ms and ten")
        .append(" routers between two nodes. The times are until the first answer, with the start")
        .append(
            " of the path; a `-` means no connection, a `!` that this is not as it has to be.\n\n");
    text.append("| from → to | ").append(String.join(" | ", columns)).append(" |\n| --- |");
    text.append(" --- |".repeat(columns.size())).append('\n');
    rows.forEach(
        (name, row) ->
            text.append("| ")
                .append(name)
                .append(" | ")
                .append(row.stream().map(ConnectivityCell::text).collect(Collectors.joining(" | ")))
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

  /** For each reason the pairs that it keeps apart, and over which transports. */
  private Map<String, Map<String, List<String>>> obstacles() {
    Map<String, Map<String, List<String>>> all = new LinkedHashMap<>();
    rows.forEach(
        (name, row) -> {
          for (int i = 0; i < row.size(); i++) {
            String column = columns.get(i);
            if (!column.equals(Connectivity.AUTOMATIC) && !column.equals(Way.RELAY.word())) {
              row.get(i)
                  .obstacle()
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
