package dev.godwit.limit;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/** Grants a number of things per time, with bursts. Thread-safe. */
public final class TokenBucket {

  private final InstantSource clock;
  private final double capacity;
  private final double perMilli;
  private final ReentrantLock lock = new ReentrantLock();
  private double tokens;
  private Instant filledAt;

  /**
   * A full bucket.
   *
   * @param capacity the largest burst; 0 grants nothing
   * @param per how many are granted in {@code period} in the long run
   */
  public TokenBucket(InstantSource clock, int capacity, int per, Duration period) {
    this.clock = clock;
    this.capacity = capacity;
    this.perMilli = (double) per / period.toMillis();
    this.tokens = capacity;
    this.filledAt = clock.instant();
  }

  /** Takes one; when there is none, tells how long it takes until there is. */
  public Optional<Duration> take() {
    lock.lock();
    try {
      fill();
      if (tokens >= 1) {
        tokens -= 1;
        return Optional.empty();
      }
      return Optional.of(Duration.ofMillis((long) Math.ceil((1 - tokens) / perMilli)));
    } finally {
      lock.unlock();
    }
  }

  /** Whether nothing was taken lately. */
  public boolean isFull() {
    lock.lock();
    try {
      fill();
      return tokens >= capacity;
    } finally {
      lock.unlock();
    }
  }

  /** A clock that goes back grants nothing. */
  private void fill() {
    Instant now = clock.instant();
    long millis = Math.max(0, Duration.between(filledAt, now).toMillis());
    if (millis > 0 || now.isBefore(filledAt)) {
      tokens = Math.min(capacity, tokens + millis * perMilli);
      filledAt = now;
    }
  }
}
