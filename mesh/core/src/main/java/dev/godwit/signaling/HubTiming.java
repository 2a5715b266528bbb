package dev.godwit.signaling;

import java.time.Duration;

/**
 * How patient a {@link HubClient} is. All positive.
 *
 * @param connect for TCP, TLS and WebSocket handshake, and again for the login
 * @param request for the hub's answer to one request
 * @param ping how often the hub is asked for a sign of life
 * @param silence without anything from the hub for this long, the connection counts as lost
 * @param firstBackoff the pause after the first loss; it doubles with every failed attempt
 * @param lastBackoff the longest pause
 * @param certificateLifetime how long others may use the sealing key that is announced at login;
 *     after half of it there is a new login
 */
public record HubTiming(
    Duration connect,
    Duration request,
    Duration ping,
    Duration silence,
    Duration firstBackoff,
    Duration lastBackoff,
    Duration certificateLifetime) {

  /** Checks that all are positive. */
  public HubTiming {
    for (Duration duration :
        new Duration[] {
          connect, request, ping, silence, firstBackoff, lastBackoff, certificateLifetime
        }) {
      if (!duration.isPositive()) {
        throw new IllegalArgumentException("Every duration of a hub's timing is positive.");
      }
    }
  }

  /** What suits the internet. */
  public static HubTiming defaults() {
    return new HubTiming(
        Duration.ofSeconds(10),
        Duration.ofSeconds(10),
        Duration.ofSeconds(10),
        Duration.ofSeconds(25),
        Duration.ofMillis(200),
        Duration.ofSeconds(5),
        Duration.ofDays(7));
  }
}
