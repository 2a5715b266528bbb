package dev.godwit.tls;

/**
 * How much credit the streams of a connection may have beyond what each begins with, so that a peer
 * cannot make this node hold more than a known number of bytes. For one thread.
 */
final class CreditBudget {
  private long left;

  /**
   * @param bytes for all streams together, not negative
   */
  CreditBudget(long bytes) {
    this.left = bytes;
  }

  /** Takes {@code bytes} if there are as many. */
  boolean take(long bytes) {
    if (left < bytes) {
      return false;
    }
    left -= bytes;
    return true;
  }

  /** Gives back what was taken. */
  void giveBack(long bytes) {
    left += bytes;
  }

  /** What is left, bytes. */
  long left() {
    return left;
  }
}
