package dev.godwit.bench;

import java.io.PrintStream;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Pairs of measurements, ours and a peer's, taken in turn; prints medians and their ratio. */
final class Ratios {
  private final PrintStream out;
  private final String unit;

  Ratios(PrintStream out, String title, String unit) {
    this.out = out;
    this.unit = unit;
    out.printf("%n%s%n", title);
  }

  /** Prints one line. */
  void line(String name, List<Double> ours, String peer, List<Double> theirs) {
    out.printf(
        Locale.ROOT,
        "  %-34s %10.0f %s   %s %10.0f %s   ratio %.2f   (%s | %s)%n",
        name,
        median(ours),
        unit,
        peer,
        median(theirs),
        unit,
        median(ours) / median(theirs),
        all(ours),
        all(theirs));
  }

  private static String all(List<Double> values) {
    StringBuilder text = new StringBuilder();
    for (double value : values) {
      text.append(text.isEmpty() ? "" : " ").append(String.format(Locale.ROOT, "%.0f", value));
    }
    return text.toString();
  }

  static double median(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    if (sorted.length == 0) {
      throw new IllegalArgumentException("nothing was measured: " + Arrays.toString(sorted));
    }
    return sorted.length % 2 == 1
        ? sorted[sorted.length / 2]
        : (sorted[sorted.length / 2 - 1] + sorted[sorted.length / 2]) / 2;
  }
}
