package dev.godwit.libc;

import dev.godwit.stream.Interruption;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;

/** A moment by which something has to have ended. Immutable. */
public final class Deadline {
  private final long nanos;

  private Deadline(long nanos) {
    this.nanos = nanos;
  }

  /** The moment {@code limit} from now. */
  public static Deadline in(Duration limit) {
    // Half of what a long holds is 146 years; no sum with the clock overflows.
    long most = Long.MAX_VALUE / 2;
    boolean small = limit.compareTo(Duration.ofNanos(most)) < 0;
    return new Deadline(System.nanoTime() + (small ? limit.toNanos() : most));
  }

  /** What is left, not negative. */
  public Duration left() {
    return Duration.ofNanos(Math.max(0, nanos - System.nanoTime()));
  }

  /** Something that becomes true. */
  @FunctionalInterface
  public interface Condition {
    /**
     * Whether it is so by now.
     *
     * @throws IOException when it cannot be told
     */
    boolean holds() throws IOException;
  }

  /**
   * Waits for what the system does in its own time and tells nobody. Looks at least once, also when
   * nothing is left.
   *
   * @param poll the time between two looks
   * @return whether the condition holds
   * @throws InterruptedIOException when the thread was interrupted, which it stays
   * @throws IOException when the condition cannot be told
   */
  public boolean await(Duration poll, Condition condition) throws IOException {
    while (!condition.holds()) {
      if (isOver()) {
        return false;
      }
      try {
        Thread.sleep(poll);
      } catch (InterruptedException e) {
        throw Interruption.passedOn("interrupted while waiting", e);
      }
    }
    return true;
  }

  /** Whether nothing is left. */
  public boolean isOver() {
    return nanos - System.nanoTime() <= 0;
  }
}
