package dev.godwit.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Long work at one moment, to be shown in one line. What does not fit is left away, the least
 * important first.
 *
 * @param name what is worked on
 * @param share how much is done, 0 to 1; null when there is no such thing
 * @param details the rest, the most important first
 */
record ProgressLine(String name, @Nullable Double share, List<String> details) {
  private static final String GAP = "  ";
  private static final int LONGEST_BAR = 28;
  private static final int SHORTEST_BAR = 8;

  /** Copies the list and leaves empty details away. */
  ProgressLine {
    details = details.stream().filter(detail -> !detail.isEmpty()).toList();
  }

  /** A share as a percentage. */
  static String percent(double share) {
    return String.format(Locale.ROOT, "%3.0f %%", 100 * Math.clamp(share, 0, 1));
  }

  /** The line for a terminal: name, bar, percentage and as many details as there is room for. */
  String on(Terminal terminal) {
    // The last column stays empty: some terminals begin a new line as soon as it is written.
    int room = terminal.width() - 1;
    if (share == null) {
      return joined(fitting(room, List.of()), terminal, room, 0);
    }
    List<String> parts = fitting(room - SHORTEST_BAR - GAP.length(), List.of(percent(share)));
    int bar = Math.min(LONGEST_BAR, room - columns(parts) - GAP.length());
    return joined(parts, terminal, room, Math.max(bar, 0));
  }

  /** The line for a log, where nothing is left away. */
  String plain() {
    List<String> all = new ArrayList<>();
    if (share != null) {
      all.add(percent(share).strip());
    }
    all.addAll(details);
    return name + ": " + String.join(", ", all);
  }

  /** The name, what has to follow, and the details that fit into {@code room} columns. */
  private List<String> fitting(int room, List<String> needed) {
    List<String> parts = new ArrayList<>();
    parts.add(name);
    parts.addAll(needed);
    for (String detail : details) {
      parts.add(detail);
      if (columns(parts) > room) {
        parts.removeLast();
        break;
      }
    }
    return parts;
  }

  private static int columns(List<String> parts) {
    return parts.stream().mapToInt(DisplayText::columns).sum() + GAP.length() * (parts.size() - 1);
  }

  private String joined(List<String> parts, Terminal terminal, int room, int bar) {
    List<String> shown = new ArrayList<>(parts);
    int others = columns(shown) - DisplayText.columns(name);
    boolean barFits = share != null && bar >= SHORTEST_BAR;
    if (!barFits) {
      // Even the name is too long: it gives way to the percentage.
      shown.set(0, DisplayText.cut(name, Math.max(1, room - others), terminal));
    } else {
      shown.add(1, terminal.bar(share, bar));
    }
    return String.join(GAP, shown);
  }
}
