package dev.godwit.session;

import java.time.Duration;

/**
 * How long a session has been of no use, and when it tries again. A connection that breaks before
 * it has carried an answer does not end an outage, so that a peer which accepts and then refuses is
 * not asked in a tight loop, nor forever. Times are those of one monotonic clock, in nanoseconds.
 * Not thread-safe.
 */
final class Outage {
  /** A connection that lasted this many pauses was one, though nothing was asked on it. */
  private static final int STABLE = 5;

  private final SessionTiming timing;
  private Duration tolerated;
  private boolean ongoing;
  private long since;
  private long connected;
  private int attempts;

  Outage(SessionTiming timing) {
    this.timing = timing;
    this.tolerated = timing.withoutConnection();
  }

  /** How long an outage may be. */
  void tolerate(Duration longest) {
    tolerated = longest;
  }

  Duration tolerated() {
    return tolerated;
  }

  /** The connection was lost. */
  void began(long now) {
    if (!ongoing || now - connected > timing.lastRetry().toNanos() * STABLE) {
      ongoing = true;
      since = now;
      attempts = 0;
    }
  }

  /** There is a connection, whatever it may be worth. */
  void connected(long now) {
    connected = now;
  }

  /** An answer came. */
  void ended() {
    ongoing = false;
  }

  /** How often it was tried to connect since it began. */
  int attempts() {
    return attempts;
  }

  void attempted() {
    attempts++;
  }

  /** Whether to give up. */
  boolean isTooLong(long now) {
    return now - since >= tolerated.toNanos();
  }

  /** How long to wait before the next attempt, nanoseconds. */
  long pause(long now) {
    if (attempts == 0) {
      return 0;
    }
    long last = timing.lastRetry().toNanos();
    long wanted = Math.min(last, timing.firstRetry().toNanos() << Math.min(attempts - 1, 16));
    return Math.max(0, Math.min(wanted, tolerated.toNanos() - (now - since)));
  }
}
