package dev.godwit.tls;

import dev.godwit.wire.ProtocolException;
import java.time.Duration;

/**
 * Whether the peer is alive and how far away it is. Reads no clock: every method is told the time,
 * in nanoseconds from any origin. For one thread, but for what says otherwise.
 */
final class Liveness {
  /** How often the peer is asked for a sign of life. */
  static final Duration INTERVAL = Duration.ofSeconds(1);

  /** A peer that is silent for this long is gone. */
  static final Duration SILENCE = Duration.ofSeconds(15);

  /** Written by one thread, read by any. */
  private volatile long heard;

  private long asked;
  private long token;
  private boolean waiting;
  private long smoothed;

  Liveness(long now) {
    this.heard = now;
  }

  /** Anything came from the peer. */
  void heard(long now) {
    heard = now;
  }

  /** Whether nothing came for {@link #SILENCE}. */
  boolean isGone(long now) {
    return silent(now) >= SILENCE.toNanos();
  }

  /** For how long nothing came. Any thread. */
  long silent(long now) {
    return now - heard;
  }

  /** Whether to send a PING now: at first and then every {@link #INTERVAL}, one at a time. */
  boolean shouldAsk(long now) {
    return !waiting && (token == 0 || now - asked >= INTERVAL.toNanos());
  }

  /** Says what to put into the PING that is sent now. */
  long ask(long now) {
    waiting = true;
    asked = now;
    return ++token;
  }

  /**
   * A PONG came.
   *
   * @throws ProtocolException when it answers nothing
   */
  void answered(long answer, long now) throws ProtocolException {
    if (!waiting || answer != token) {
      throw new ProtocolException("an answer to no question");
    }
    waiting = false;
    long sample = Math.max(1, now - asked);
    // As in RFC 6298, section 2: seven parts of what is known to one of what is new.
    smoothed = smoothed == 0 ? sample : smoothed - smoothed / 8 + sample / 8;
  }

  /** Smoothed round-trip time; zero when not known yet. */
  Duration roundTrip() {
    return Duration.ofNanos(smoothed);
  }
}
