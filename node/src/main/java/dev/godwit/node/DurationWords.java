package dev.godwit.node;

import java.time.Duration;

/** Durations in sentences: {@code 30 seconds}, {@code 1 minute}, {@code 2 h 30 min}. */
public final class DurationWords {
  private DurationWords() {}

  /** The one or two largest units of a duration that is not negative. */
  public static String of(Duration duration) {
    long days = duration.toDays();
    int hours = duration.toHoursPart();
    int minutes = duration.toMinutesPart();
    int seconds = duration.toSecondsPart();
    if (days > 0) {
      return hours == 0 ? count(days, "day") : count(days, "day") + " " + hours + " h";
    }
    if (hours > 0) {
      return minutes == 0 ? count(hours, "hour") : hours + " h " + minutes + " min";
    }
    if (minutes > 0) {
      return seconds == 0 ? count(minutes, "minute") : minutes + " min " + seconds + " s";
    }
    return seconds == 0 && !duration.isZero()
        ? duration.toMillisPart() + " ms"
        : count(seconds, "second");
  }

  private static String count(long number, String unit) {
    return number + " " + unit + (number == 1 ? "" : "s");
  }
}
