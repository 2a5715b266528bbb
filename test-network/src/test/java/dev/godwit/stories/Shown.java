package dev.godwit.stories;

import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a page shows of a program's output. It has to come out the same, but for spaces: {@code …}
 * stands for anything, and a size such as {@code 1.2 MiB} for every size from an eighth of it to
 * twice of it: how much is read ahead is not the same everywhere, and what was asked for ahead may
 * still be on its way when a program looks.
 *
 * @param text as it is in the page
 */
record Shown(String text) {
  private static final Pattern SIZE = Pattern.compile("([0-9.]+) (B|KiB|MiB|GiB)\\b");
  private static final List<String> UNITS = List.of("B", "KiB", "MiB", "GiB");

  /** The sizes in a text, in bytes. */
  static List<Double> sizes(String text) {
    ToDoubleFunction<MatchResult> bytes =
        size -> Double.parseDouble(size.group(1)) * (1L << (10 * UNITS.indexOf(size.group(2))));
    return SIZE.matcher(text).results().mapToDouble(bytes).boxed().toList();
  }

  /** Whether a program that wrote {@code output} did what the page says. */
  boolean fits(String output) {
    String expected = plain(text);
    String found = plain(output);
    StringBuilder pattern = new StringBuilder();
    Matcher size = SIZE.matcher(expected);
    int from = 0;
    while (size.find()) {
      pattern.append(literally(expected.substring(from, size.start()))).append(SIZE.pattern());
      from = size.end();
    }
    pattern.append(literally(expected.substring(from)));
    return found.matches(pattern.toString()) && near(sizes(expected), sizes(found));
  }

  private static boolean near(List<Double> expected, List<Double> found) {
    if (expected.size() != found.size()) {
      // A wildcard has hidden some of them, and nobody knows which.
      return false;
    }
    for (int i = 0; i < expected.size(); i++) {
      double one = expected.get(i);
      double other = found.get(i);
      if (other > 2 * one || one > 8 * other) {
        return false;
      }
    }
    return true;
  }

  private static String plain(String text) {
    return text.strip().replaceAll("\\s+", " ");
  }

  private static String literally(String text) {
    return List.of(text.split("…", -1)).stream()
        .map(Pattern::quote)
        .reduce((one, other) -> one + ".*?" + other)
        .orElse("");
  }
}
