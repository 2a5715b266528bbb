package dev.godwit.session;

import java.time.Duration;

/**
 * How patient a session is.
 *
 * @param withoutConnection how long it may be without any connection before it closes
 * @param call how long a blocking call waits for its answer
 * @param firstRetry the pause before the second attempt to connect; doubles up to {@code lastRetry}
 * @param lastRetry the longest pause between attempts
 */
public record SessionTiming(
    Duration withoutConnection, Duration call, Duration firstRetry, Duration lastRetry) {

  /** What nodes use unless told otherwise. */
  public static final SessionTiming STANDARD =
      new SessionTiming(
          Duration.ofSeconds(60),
          Duration.ofSeconds(60),
          Duration.ofMillis(50),
          Duration.ofSeconds(2));
}
