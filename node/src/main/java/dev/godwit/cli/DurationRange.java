package dev.godwit.cli;

import dev.godwit.node.DurationWords;
import dev.godwit.node.NodeException;
import java.time.Duration;

/**
 * Which durations an option takes.
 *
 * @param least the shortest one
 * @param most the longest one
 */
record DurationRange(Duration least, Duration most) {
  /** For how long something is waited for: without any time it would always fail. */
  static final DurationRange WAIT = new DurationRange(Duration.ofMillis(1), Duration.ofDays(365));

  /**
   * Passes when the option can have that value.
   *
   * @throws NodeException when it is too short or too long
   */
  void check(String option, Duration value) throws NodeException {
    if (value.compareTo(least) < 0) {
      throw refusal(option + " is at least " + DurationWords.of(least), value);
    }
    if (value.compareTo(most) > 0) {
      throw refusal(option + " is at most " + DurationWords.of(most), value);
    }
  }

  private static NodeException refusal(String rule, Duration value) {
    return new NodeException(
        NodeException.Kind.USAGE, rule + ", not " + DurationWords.of(value) + ".");
  }
}
