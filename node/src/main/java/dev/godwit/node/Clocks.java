package dev.godwit.node;

import java.time.Duration;
import java.util.Optional;

/**
 * Clocks of two machines. Tickets, certificates and messages are valid for a time, so that clocks
 * which differ make them look expired, or not valid yet, or make a node seem to be away.
 */
final class Clocks {
  /** What a message may take, and what nobody would call wrong. */
  private static final Duration TOLERANCE = Duration.ofSeconds(60);

  private Clocks() {}

  /**
   * What to say of a difference; empty when there is none to speak of.
   *
   * @param ahead how far this machine's clock is ahead of the hub's
   */
  static Optional<String> complaint(Optional<Duration> ahead) {
    return ahead
        .filter(difference -> difference.abs().compareTo(TOLERANCE) > 0)
        .map(
            difference ->
                "The clock of this machine is "
                    + words(difference.abs())
                    + (difference.isNegative() ? " behind" : " ahead of")
                    + " the hub's. Until both are right ('timedatectl set-ntp true'), tickets and"
                    + " members can look expired, and others as if they were away.");
  }

  /** To whole seconds: what a message takes is in it, too. */
  private static String words(Duration exact) {
    return DurationWords.of(Duration.ofSeconds(Math.round(exact.toMillis() / 1000.0)));
  }
}
