package dev.godwit.webrtc;

import java.util.concurrent.atomic.AtomicLong;

/**
 * What all streams of a connection together may let the peer send ahead of their readers, on top of
 * {@link StreamState#INITIAL_WINDOW} each. Thread-safe.
 */
final class WindowBudget {
  private final AtomicLong left;

  WindowBudget(long bytes) {
    this.left = new AtomicLong(bytes);
  }

  /** Takes so many bytes; false when there are not so many left. */
  boolean take(long bytes) {
    return left.getAndUpdate(now -> now >= bytes ? now - bytes : now) >= bytes;
  }

  void giveBack(long bytes) {
    left.addAndGet(bytes);
  }
}
