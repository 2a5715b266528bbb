package dev.godwit.mount;

import java.time.Duration;

/**
 * Whether what is sent in the background waits a moment, because a program writes just now: it
 * needs the same processors and disks, and what it writes again need be sent only once. Not
 * thread-safe.
 */
final class GivingWay {
  /** Between two requests; a slow, steady trickle goes on. */
  static final Duration MOMENT = Duration.ofMillis(20);

  private int before;

  /**
   * How long to wait before the next request.
   *
   * @param written how many blocks wait to be sent
   * @param haste whether somebody waits until they are
   */
  Duration pause(int written, Haste haste) {
    boolean more = written > before;
    before = written;
    return more && haste == Haste.NONE ? MOMENT : Duration.ZERO;
  }

  /** Whether somebody waits. */
  enum Haste {
    NONE,
    AWAITED
  }
}
