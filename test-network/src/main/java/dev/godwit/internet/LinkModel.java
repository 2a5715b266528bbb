package dev.godwit.internet;

import java.util.random.RandomGenerator;

/**
 * Decides when the packets of one direction of a link arrive, and which ones do not. Knows nothing
 * but what it is told: time is passed in. Allocates nothing. For one thread.
 */
final class LinkModel {
  /** Instead of a time: the packet disappears on its way. */
  static final long LOST = -1;

  /** Instead of a time: too much is waiting for the line. */
  static final long DROPPED = -2;

  private static final long BIT_NANOS = 8_000_000_000L;

  private final LinkProfile profile;
  private final RandomGenerator random;
  private final long delayNanos;
  private final long jitterNanos;

  /** How long the line takes for a queue that is full. */
  private final long queueNanos;

  private long lineFree;
  private long lastArrival;

  LinkModel(LinkProfile profile, RandomGenerator random) {
    this.profile = profile;
    this.random = random;
    this.delayNanos = profile.delay().toNanos();
    this.jitterNanos = profile.jitter().toNanos();
    this.queueNanos = transmission(profile.queue());
  }

  /** How long the line is busy with so many bytes, in nanoseconds. */
  private long transmission(int bytes) {
    if (profile.rate() == LinkProfile.UNLIMITED) {
      return 0;
    }
    return Math.ceilDiv(bytes * BIT_NANOS, profile.rate());
  }

  /**
   * A packet comes to the link.
   *
   * @param now in nanoseconds from any start, not negative and never less than before
   * @param bytes the packet's length
   * @return when it arrives at the other end, or {@link #LOST} or {@link #DROPPED}. Packets arrive
   *     in order, except those that overtake; these are in order among each other
   */
  long admit(long now, int bytes) {
    long start = Math.max(now, lineFree);
    long waiting = start - now;
    // What comes to an idle line need not wait, whatever its size.
    if (waiting > 0 && waiting + transmission(bytes) > queueNanos) {
      return DROPPED;
    }
    lineFree = start + transmission(bytes);
    if (profile.loss() > 0 && random.nextDouble() < profile.loss()) {
      return LOST;
    }
    if (profile.reordering() > 0 && random.nextDouble() < profile.reordering()) {
      return lineFree;
    }
    long travel = delayNanos;
    if (jitterNanos > 0) {
      travel += random.nextLong(-jitterNanos, jitterNanos + 1);
    }
    lastArrival = Math.max(lastArrival, lineFree + travel);
    return lastArrival;
  }
}
