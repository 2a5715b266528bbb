package dev.godwit.internet;

import java.time.Duration;

/**
 * What a link does to packets, in each of its two directions.
 *
 * @param delay how long a packet travels, after the line has taken it; at most ten seconds
 * @param jitter how much longer or shorter that may be, evenly spread; at most the delay. Packets
 *     stay in order
 * @param loss the probability that a packet disappears, after it has used the line, from 0 to 1
 * @param reordering the probability that a packet arrives without any delay, and so overtakes those
 *     on their way, from 0 to 1
 * @param rate how many bits pass in a second, or {@link #UNLIMITED}
 * @param queue how many bytes may wait for the line; what comes on top of that is dropped
 */
public record LinkProfile(
    Duration delay, Duration jitter, double loss, double reordering, long rate, int queue) {
  /** A rate without limit. */
  public static final long UNLIMITED = Long.MAX_VALUE;

  /** What a cheap router has. */
  public static final int DEFAULT_QUEUE = 256 * 1024;

  private static final Duration MAX_DELAY = Duration.ofSeconds(10);
  private static final long MIN_RATE = 1000;
  private static final int MAX_QUEUE = 1 << 28;

  /** Everything arrives, and at once. */
  public static final LinkProfile PERFECT =
      new LinkProfile(Duration.ZERO, Duration.ZERO, 0, 0, UNLIMITED, DEFAULT_QUEUE);

  /** Checks the ranges. */
  public LinkProfile {
    if (delay.isNegative() || delay.compareTo(MAX_DELAY) > 0) {
      throw new IllegalArgumentException("a delay is from 0 to 10 s, not " + delay);
    }
    if (jitter.isNegative() || jitter.compareTo(delay) > 0) {
      throw new IllegalArgumentException(
          "jitter is from 0 to the delay, which is " + delay + ", not " + jitter);
    }
    checkProbability("loss", loss);
    checkProbability("reordering", reordering);
    if (rate < MIN_RATE) {
      throw new IllegalArgumentException("a rate is at least 1000 bit/s, not " + rate);
    }
    if (queue < 0 || queue > MAX_QUEUE) {
      throw new IllegalArgumentException("a queue is from 0 to 256 MiB, not " + queue + " bytes");
    }
  }

  private static void checkProbability(String what, double value) {
    if (!(value >= 0 && value <= 1)) {
      throw new IllegalArgumentException(what + " is from 0 to 1, not " + value);
    }
  }

  /** The same with another delay. */
  public LinkProfile withDelay(Duration value) {
    return new LinkProfile(value, jitter, loss, reordering, rate, queue);
  }

  /** The same with another jitter. */
  public LinkProfile withJitter(Duration value) {
    return new LinkProfile(delay, value, loss, reordering, rate, queue);
  }

  /** The same with another probability of loss. */
  public LinkProfile withLoss(double value) {
    return new LinkProfile(delay, jitter, value, reordering, rate, queue);
  }

  /** The same with another probability of overtaking. */
  public LinkProfile withReordering(double value) {
    return new LinkProfile(delay, jitter, loss, value, rate, queue);
  }

  /** The same with another rate, in bits per second. */
  public LinkProfile withRate(long value) {
    return new LinkProfile(delay, jitter, loss, reordering, value, queue);
  }

  /** The same with another limit for what waits, in bytes. */
  public LinkProfile withQueue(int value) {
    return new LinkProfile(delay, jitter, loss, reordering, rate, value);
  }
}
