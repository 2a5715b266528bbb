package dev.godwit.hub;

import dev.godwit.identity.NodeId;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Divides a rate equally between the users that use it just now, however many circuits each of them
 * has. Reads no clock: every method is told the time, in nanoseconds of one monotonic clock. Safe
 * for use by many threads.
 */
final class FairShare {
  /** Who sent nothing for this long leaves its share to the others. */
  private static final long ACTIVE = Duration.ofMillis(500).toNanos();

  /** How much a user may be ahead of its rate. */
  private static final long BURST = Duration.ofMillis(50).toNanos();

  private static final double SECOND = 1e9;

  private final long bytesPerSecond;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<NodeId, Usage> users = new HashMap<>();
  private long counted;

  private static final class Usage {
    /** When everything that was sent has been paid for, at the user's rate. */
    private long paid;

    private long last;
  }

  /**
   * @param bytesPerSecond for all users together; 0 for no limit
   */
  FairShare(long bytesPerSecond) {
    this.bytesPerSecond = bytesPerSecond;
  }

  /**
   * A user has sent so many bytes.
   *
   * @return for how many nanoseconds it must send nothing; 0 when it may go on
   */
  long used(NodeId user, int bytes, long now) {
    if (bytesPerSecond == 0) {
      return 0;
    }
    lock.lock();
    try {
      if (users.isEmpty() || now - counted > ACTIVE) {
        users.values().removeIf(usage -> now - usage.last > ACTIVE && usage.paid - now < 0);
        counted = now;
      }
      Usage usage =
          users.computeIfAbsent(
              user,
              id -> {
                Usage fresh = new Usage();
                fresh.paid = now - BURST;
                return fresh;
              });
      double rate = (double) bytesPerSecond / users.size();
      usage.last = now;
      if (usage.paid - (now - BURST) < 0) {
        usage.paid = now - BURST;
      }
      usage.paid += (long) (bytes / rate * SECOND);
      return Math.max(0, usage.paid - now);
    } finally {
      lock.unlock();
    }
  }
}
