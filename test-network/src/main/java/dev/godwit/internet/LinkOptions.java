package dev.godwit.internet;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Collects what one line of a topology says about a link. For one thread. */
final class LinkOptions {
  private static final Pattern OPTION =
      Pattern.compile("([a-z]+)\\s+([0-9]{1,9}(?:\\.[0-9]{1,9})?)\\s*([a-zA-Z%]*)");
  private static final String HAIRPIN = "hairpin";

  private static final Map<String, Long> TIMES =
      new TreeMap<>(Map.of("us", 1_000L, "ms", 1_000_000L, "s", 1_000_000_000L));
  private static final Map<String, Long> RATES =
      new TreeMap<>(Map.of("kbit", 1_000L, "mbit", 1_000_000L, "gbit", 1_000_000_000L));
  private static final Map<String, Long> SIZES =
      new TreeMap<>(Map.of("B", 1L, "KiB", 1L << 10, "MiB", 1L << 20));
  private static final Map<String, Long> PERCENT = Map.of("%", 1L);

  private final int line;
  private final Set<String> seen = new HashSet<>();
  private Duration delay = LinkProfile.PERFECT.delay();
  private Duration jitter = LinkProfile.PERFECT.jitter();
  private double loss = LinkProfile.PERFECT.loss();
  private double reordering = LinkProfile.PERFECT.reordering();
  private long rate = LinkProfile.PERFECT.rate();
  private int queue = LinkProfile.PERFECT.queue();
  private Hairpin hairpin = Hairpin.OFF;

  LinkOptions(int line) {
    this.line = line;
  }

  /** Takes one option, such as {@code delay 20ms}. */
  void add(String option) {
    if (option.equals(HAIRPIN)) {
      once(HAIRPIN);
      hairpin = Hairpin.ON;
      return;
    }
    Matcher matcher = OPTION.matcher(option);
    if (!matcher.matches()) {
      throw new TopologyException(
          line, "'" + option + "' is not an option with a number, as in 'delay 20ms'");
    }
    String name = matcher.group(1);
    BigDecimal number = new BigDecimal(matcher.group(2));
    String unit = matcher.group(3);
    once(name);
    switch (name) {
      case "delay" -> delay = Duration.ofNanos(whole(option, number, unit, TIMES));
      case "jitter" -> jitter = Duration.ofNanos(whole(option, number, unit, TIMES));
      case "loss" -> loss = probability(option, number, unit);
      case "reordering" -> reordering = probability(option, number, unit);
      case "rate" -> rate = whole(option, number, unit, RATES);
      case "queue" -> queue = (int) Math.min(Integer.MAX_VALUE, whole(option, number, unit, SIZES));
      default ->
          throw new TopologyException(
              line,
              "'" + name + "' is none of delay, jitter, loss, reordering, rate, queue and hairpin");
    }
  }

  private void once(String name) {
    if (!seen.add(name)) {
      throw new TopologyException(line, "'" + name + "' is there twice");
    }
  }

  private BigDecimal scale(String option, String unit, Map<String, Long> units) {
    Long scale = units.get(unit);
    if (scale == null) {
      throw new TopologyException(
          line, "the unit of '" + option + "' is none of " + String.join(", ", units.keySet()));
    }
    return BigDecimal.valueOf(scale);
  }

  private long whole(String option, BigDecimal number, String unit, Map<String, Long> units) {
    return number
        .multiply(scale(option, unit, units))
        .setScale(0, RoundingMode.HALF_UP)
        .longValueExact();
  }

  private double probability(String option, BigDecimal number, String unit) {
    return number.multiply(scale(option, unit, PERCENT)).movePointLeft(2).doubleValue();
  }

  Hairpin hairpin() {
    return hairpin;
  }

  /** All of them together. */
  LinkProfile profile() {
    try {
      return new LinkProfile(delay, jitter, loss, reordering, rate, queue);
    } catch (IllegalArgumentException e) {
      throw new TopologyException(line, String.valueOf(e.getMessage()));
    }
  }
}
