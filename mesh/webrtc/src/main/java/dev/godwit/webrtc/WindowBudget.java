package dev.godwit.webrtc;

import java.util.concurrent.atomic.AtomicLong;

/**
 * What all streams of a connection together may let the peer send ahead of their readers, on top of
 * {@link StreamState#INITIAL_WINDOW} each. Thread-safe.
 */
final class WindowBudget {
  /** What one stream gets, if there is so much. */
  static final int SHARE = 4 * 1024 * 1024 - StreamState.INITIAL_WINDOW;

  private final AtomicLong left;

  WindowBudget(long bytes) {
    this.left = new AtomicLong(bytes);
  }

  /** Takes a share; false when there is none left. */
  boolean take() {
    return left.getAndUpdate(now -> now >= SHARE ? now - SHARE : now) >= SHARE;
  }

  void giveBack() {
    left.addAndGet(SHARE);
  }
}
