package dev.godwit.cli;

import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes and durations as people write and read them: {@code 64K}, {@code 2G}, {@code 100ms}. */
public final class Units {
  private static final Pattern SIZE = Pattern.compile("(\\d{1,15})([KMGTkmgt]?)(iB|B)?");
  private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(ms|s|m|h|d)");

  /** What is longer nobody waits for, and its nanoseconds would not fit into a number. */
  private static final Duration LONGEST = Duration.ofDays(365);

  private static final Map<String, Integer> SHIFTS =
      Map.of("", 0, "K", 10, "M", 20, "G", 30, "T", 40);

  private Units() {}

  /**
   * Reads a size; K, M, G and T, or their small letters, are powers of 1024.
   *
   * @throws IllegalArgumentException with a message for people
   */
  public static long parseSize(String text) {
    Matcher matcher = SIZE.matcher(text.strip());
    if (!matcher.matches()) {
      throw new IllegalArgumentException("'" + text + "' is no size; write 64K, 256M or 2G");
    }
    long number = Long.parseLong(matcher.group(1));
    int shift = SHIFTS.getOrDefault(matcher.group(2).toUpperCase(Locale.ROOT), 0);
    if (number > Long.MAX_VALUE >> shift) {
      throw new IllegalArgumentException("'" + text + "' is too large");
    }
    return number << shift;
  }

  /**
   * Reads a duration with its unit.
   *
   * @throws IllegalArgumentException with a message for people
   */
  public static Duration parseDuration(String text) {
    Matcher matcher = DURATION.matcher(text.strip());
    if (!matcher.matches()) {
      throw new IllegalArgumentException("'" + text + "' is no duration; write 100ms, 30s or 2h");
    }
    long number = Long.parseLong(matcher.group(1));
    Duration duration =
        switch (matcher.group(2)) {
          case "ms" -> Duration.ofMillis(number);
          case "s" -> Duration.ofSeconds(number);
          case "m" -> Duration.ofMinutes(number);
          case "h" -> Duration.ofHours(number);
          default -> Duration.ofDays(number);
        };
    if (duration.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException(
          "'" + text + "' is too long; the longest duration is " + LONGEST.toDays() + "d");
    }
    return duration;
  }

  /** Bytes with three digits or so: {@code 812 B}, {@code 1.4 MiB}, {@code 256 MiB}. */
  public static String bytes(long bytes) {
    return bytes((double) bytes);
  }

  /** As {@link #bytes(long)}, for rates. */
  public static String bytes(double bytes) {
    String[] units = {"B", "KiB", "MiB", "GiB", "TiB"};
    int unit = 0;
    while (bytes >= 1000 && unit < units.length - 1) {
      bytes /= 1024;
      unit++;
    }
    return String.format(
        Locale.ROOT, unit == 0 || bytes >= 99.95 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
  }

  /** A short duration in milliseconds, with a decimal below 100. */
  public static String millis(double millis) {
    return String.format(Locale.ROOT, millis < 100 ? "%.1f ms" : "%.0f ms", millis);
  }

  /** A long duration as minutes and seconds. */
  public static String clock(Duration duration) {
    long seconds = duration.toSeconds();
    return seconds >= 3600
        ? String.format(
            Locale.ROOT, "%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60)
        : String.format(Locale.ROOT, "%d:%02d", seconds / 60, seconds % 60);
  }

  /** Milliseconds with their fraction. */
  public static double toMillis(Duration duration) {
    return duration.toNanos() / 1e6;
  }
}
