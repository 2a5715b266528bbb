package dev.godwit.webrtc;

import java.util.concurrent.TimeUnit;

/**
 * How large a stream's window has to be. It grows by an eighth in each round trip in which the
 * reader used it, as long as round trips do not take longer than on a quiet path: then more would
 * only fill queues on the way, until they overflow, and the library is very slow to get over that
 * (decision 017). For one thread.
 */
final class WindowGrowth {
  /** The largest window, bytes. */
  static final int MOST = 4 << 20;

  private static final int STEP = 8;

  /** What the two nodes take for a window beside the round trip. */
  private static final long BUSY = TimeUnit.MILLISECONDS.toNanos(10);

  /** A round trip that takes this much longer than the shortest one met no queue. */
  private static final long JITTER = TimeUnit.MILLISECONDS.toNanos(5);

  private static final int JITTER_PART = 16;

  private int window = StreamState.INITIAL_WINDOW;
  private long taken;
  private long began;
  private boolean begun;
  private boolean bulk;

  /**
   * What is known of the path, in nanoseconds.
   *
   * @param shortest round trip of all
   * @param latest round trip
   * @param asked when the latest one began
   */
  record RoundTrips(long shortest, long latest, long asked) {
    static RoundTrips first(long roundTrip, long asked) {
      return new RoundTrips(roundTrip, roundTrip, asked);
    }

    RoundTrips and(long roundTrip, long at) {
      return new RoundTrips(Math.min(shortest, roundTrip), roundTrip, at);
    }

    private boolean isQuiet() {
      return latest <= shortest + shortest / JITTER_PART + JITTER;
    }
  }

  /**
   * The reader has taken so many bytes.
   *
   * @param now in nanoseconds, by the same clock as {@code path}
   * @return by how much the window has to be larger, or 0
   */
  int consumed(int bytes, long now, RoundTrips path) {
    if (!begun) {
      begin(now);
    }
    taken += bytes;
    if (taken < window / 2 || path.asked() - began < 0) {
      return 0;
    }
    double inRoundTrip = (double) taken * (path.latest() + BUSY) / Math.max(1, now - began);
    bulk = inRoundTrip >= window / 2.0;
    begin(now);
    if (!bulk || !path.isQuiet()) {
      return 0;
    }
    int more = Math.min(window / STEP, MOST - window);
    window += more;
    return more;
  }

  private void begin(long now) {
    begun = true;
    began = now;
    taken = 0;
  }

  /** Whether it is worth to find out how long a round trip takes now. */
  boolean isCurious(RoundTrips path) {
    return window < MOST && path.asked() - began < 0 && (bulk || taken >= window / 2);
  }
}
