package dev.godwit.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Rows of cells under each other. Each column is as wide as its widest cell; where a row does not
 * fit into the terminal, its last cells go to a line of their own.
 */
final class Table {
  private static final String GAP = "  ";

  private final List<List<String>> rows = new ArrayList<>();

  /** Adds a row of two cells or more. */
  Table row(String... cells) {
    rows.add(Stream.of(cells).map(DisplayText::visible).toList());
    return this;
  }

  /** Adds a remark on the row before, which takes as many lines as it needs. */
  Table note(String text) {
    rows.add(List.of(text));
    return this;
  }

  /** Shows all rows. */
  void show(Output output) {
    List<Integer> widths = widths();
    boolean bounded = output.terminal().can(Terminal.Ability.MOVING);
    int room = bounded ? output.terminal().width() : Integer.MAX_VALUE;
    for (List<String> row : rows) {
      if (row.size() == 1) {
        output.line(GAP + row.getFirst());
      } else {
        show(output, row, widths, room);
      }
    }
  }

  private static void show(Output output, List<String> row, List<Integer> widths, int room) {
    StringBuilder line = new StringBuilder();
    int used = 0;
    for (int i = 0; i < row.size(); i++) {
      String cell = row.get(i);
      int columns = DisplayText.columns(cell);
      if (used > 0 && used + GAP.length() + columns > room) {
        output.verbatim(line.toString().stripTrailing());
        line.setLength(0);
        line.append(GAP);
        used = GAP.length();
      } else if (i > 0) {
        line.append(GAP);
        used += GAP.length();
      }
      line.append(cell);
      int padding = i == row.size() - 1 ? 0 : widths.get(i) - columns;
      line.append(" ".repeat(padding));
      used += columns + padding;
    }
    output.verbatim(line.toString().stripTrailing());
  }

  private List<Integer> widths() {
    List<Integer> widths = new ArrayList<>();
    for (List<String> row : rows) {
      for (int i = 0; row.size() > 1 && i < row.size(); i++) {
        int columns = DisplayText.columns(row.get(i));
        if (i == widths.size()) {
          widths.add(columns);
        } else if (columns > widths.get(i)) {
          widths.set(i, columns);
        }
      }
    }
    return widths;
  }
}
