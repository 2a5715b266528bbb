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

  /** Copies the list and leaves empty details away; what cannot be printed is made visible. */
  ProgressLine {
    name = DisplayText.visible(name);
    details =
        details.stream().filter(detail -> !detail.isEmpty()).map(DisplayText::visible).toList();
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
      return String.join(GAP, fitting(name, List.of(), room, terminal));
    }
    List<String> needed = List.of(percent(share));
    int left = room - DisplayText.columns(name) - columns(needed) - 2 * GAP.length();
    int bar = Math.min(barOf(terminal.width()), left);
    if (bar < SHORTEST_BAR) {
      return String.join(GAP, fitting(name, needed, room, terminal));
    }
    String drawn = terminal.bar(share, bar);
    return String.join(GAP, fitting(name, List.of(drawn, needed.getFirst()), room, terminal));
  }

  /** The same at every update, so that the bar does not jump when a figure has a digit more. */
  private static int barOf(int width) {
    return Math.clamp(width / 5, SHORTEST_BAR, LONGEST_BAR);
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

  /** The name, cut if it has to be, what has to follow, and the details that fit behind. */
  private List<String> fitting(String first, List<String> needed, int room, Terminal terminal) {
    List<String> parts = new ArrayList<>(needed);
    int others = parts.isEmpty() ? 0 : columns(parts) + GAP.length();
    parts.addFirst(DisplayText.cut(first, Math.max(1, room - others), terminal));
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
}
