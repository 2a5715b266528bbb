package dev.godwit.mount;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.LongSupplier;

/**
 * How long a mount can be sure of its lease: as long as it lasts from the moment at which a renewal
 * was sent that the owner confirmed. Looks at two clocks, since the one that never jumps stands
 * still while the machine sleeps, and the other one may be set. Thread-safe.
 */
final class LeaseClock {
  private final Duration lease;
  private final LongSupplier nanoTime;
  private final InstantSource clock;
  private Moment confirmed;
  private Moment unanswered;

  /** By both clocks. */
  record Moment(long nanos, Instant instant) {}

  /**
   * A lease that was granted just now.
   *
   * @param lease how long it lasts
   * @param nanoTime as {@link System#nanoTime}
   */
  LeaseClock(Duration lease, LongSupplier nanoTime, InstantSource clock) {
    this.lease = lease;
    this.nanoTime = nanoTime;
    this.clock = clock;
    this.confirmed = now();
    this.unanswered = confirmed;
  }

  /** As the other one, by the clocks of this machine. */
  static LeaseClock of(Duration lease) {
    return new LeaseClock(lease, System::nanoTime, InstantSource.system());
  }

  Moment now() {
    return new Moment(nanoTime.getAsLong(), clock.instant());
  }

  /** The owner has confirmed what was sent then. */
  synchronized void confirmed(Moment sent) {
    confirmed = sent;
  }

  /** The owner did not answer what was sent then. */
  synchronized void unanswered(Moment sent) {
    unanswered = sent;
  }

  /**
   * Whether the lease may have gone to somebody else while this machine did not look: it has run
   * out, and the owner was not even asked in vain for as long.
   */
  synchronized boolean isOver() {
    return isLongAgo(confirmed) && isLongAgo(unanswered);
  }

  private boolean isLongAgo(Moment moment) {
    Moment now = now();
    return now.nanos() - moment.nanos() >= lease.toNanos()
        || Duration.between(moment.instant(), now.instant()).compareTo(lease) >= 0;
  }
}
