package dev.godwit.path;

import dev.godwit.stream.Path;
import java.time.Duration;
import java.util.OptionalLong;

/**
 * When a session looks for another path. Pure: reads no clock; times are nanoseconds of one
 * monotonic clock. Not thread-safe.
 *
 * <p>A path that is not the best one possible is improved on: soon, and then less and less often. A
 * path on which the peer is silent is replaced, by whatever there is.
 */
public final class PathSelector {
  /** A peer is asked for a sign of life every second; this many in a row do not get lost. */
  static final Duration SUSPICIOUS = Duration.ofMillis(3500);

  static final Duration FIRST_PAUSE = Duration.ofSeconds(2);
  static final Duration LAST_PAUSE = Duration.ofSeconds(60);

  private final int best;
  private int rank;
  private boolean connected;
  private Duration pause = FIRST_PAUSE;
  private long next;

  /** What to do now. */
  public enum Step {
    /** Nothing. */
    STAY,
    /** Look for a better path beside this one. */
    IMPROVE,
    /** Look for any path: this one seems to be dead. */
    REPLACE
  }

  /** A selector without a path. */
  public PathSelector(PathPolicy policy) {
    this.best = policy.bestRank();
  }

  /** The session uses this path from now on. */
  public void connected(Path path, long now) {
    int before = rank;
    rank = PathRank.of(path);
    if (!connected || rank != before) {
      pause = FIRST_PAUSE;
    }
    connected = true;
    next = now + pause.toNanos();
  }

  /** An attempt to find a better path has ended without one. */
  public void failed(long now) {
    pause = pause.multipliedBy(2).compareTo(LAST_PAUSE) > 0 ? LAST_PAUSE : pause.multipliedBy(2);
    next = now + pause.toNanos();
  }

  /** Something in the network has changed: what failed before may work now. */
  public void shaken(long now) {
    pause = FIRST_PAUSE;
    next = now;
  }

  /**
   * What to do now.
   *
   * @param silence how long nothing was heard on the present path
   */
  public Step step(Duration silence, long now) {
    if (!connected) {
      return Step.STAY;
    }
    if (silence.compareTo(SUSPICIOUS) >= 0) {
      return Step.REPLACE;
    }
    return rank > best && now - next >= 0 ? Step.IMPROVE : Step.STAY;
  }

  /** When a better path is looked for next; empty when there is none better. */
  public OptionalLong nextAttempt() {
    return connected && rank > best ? OptionalLong.of(next) : OptionalLong.empty();
  }
}
