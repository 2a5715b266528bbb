package dev.godwit.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Draws what a terminal shows at the end as SVG. */
final class TerminalPicture {
  private static final Pattern STYLE = Pattern.compile("\033\\[(\\d+)m");
  private static final Map<String, String> FILLS =
      Map.of(
          "1", "font-weight=\"bold\" fill=\"#ffffff\"",
          "31", "fill=\"#f85149\"",
          "32", "fill=\"#3fb950\"",
          "33", "fill=\"#d29922\"",
          "36", "fill=\"#39c5cf\"",
          "90", "fill=\"#6e7681\"");
  private static final double LETTER = 8.45;
  private static final int LINE = 22;

  private TerminalPicture() {}

  static String of(String command, String written, int columns) {
    List<String> lines = new ArrayList<>();
    lines.add("<tspan fill=\"#8b949e\">$</tspan> " + command);
    for (String line : written.split("\n", -1)) {
      // What was replaced is not to be seen any more.
      String shown = line.substring(line.lastIndexOf("\r\033[K") + 1).replace("\033[K", "");
      lines.add(styled(shown));
    }
    while (lines.getLast().isEmpty()) {
      lines.removeLast();
    }
    int width = (int) Math.ceil(columns * LETTER) + 40;
    int height = 52 + lines.size() * LINE;
    StringBuilder svg = new StringBuilder();
    svg.append(
        """
        <svg xmlns="http://www.w3.org/2000/svg" width="%1$d" height="%2$d" viewBox="0 0 %1$d %2$d" role="img" aria-label="%3$s in a terminal">
        <rect width="100%%" height="100%%" rx="8" fill="#16191d"/>
        <circle cx="20" cy="18" r="6" fill="#ff5f57"/><circle cx="40" cy="18" r="6" fill="#febc2e"/><circle cx="60" cy="18" r="6" fill="#28c840"/>
        <g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14" fill="#d6dae0" xml:space="preserve">
        """
            .formatted(width, height, command));
    for (int i = 0; i < lines.size(); i++) {
      svg.append("<text x=\"20\" y=\"%d\">%s</text>\n".formatted(52 + i * LINE, lines.get(i)));
    }
    return svg.append("</g>\n</svg>\n").toString();
  }

  private static String styled(String line) {
    String escaped = line.replace("&", "&amp;").replace("<", "&lt;");
    Matcher style = STYLE.matcher(escaped);
    return style.replaceAll(
        one ->
            one.group(1).equals("0")
                ? "</tspan>"
                : "<tspan " + FILLS.getOrDefault(one.group(1), "") + ">");
  }
}
