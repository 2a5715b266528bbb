package dev.godwit.session;

import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * The state of a session and those who want to hear of it. A change is made under the session's
 * lock, together with what it is about, and told without that lock: every listener hears the
 * changes in the order in which they were made, one at a time, whichever thread tells.
 */
final class StateChanges {
  private final ReentrantLock lock;
  private final List<Consumer<SessionState>> listeners = new CopyOnWriteArrayList<>();
  private final Queue<SessionState> untold = new ArrayDeque<>();
  private boolean telling;
  private volatile SessionState present;

  /**
   * @param lock the session's
   */
  StateChanges(ReentrantLock lock, SessionState first) {
    this.lock = lock;
    this.present = first;
  }

  SessionState present() {
    return present;
  }

  void add(Consumer<SessionState> listener) {
    listeners.add(listener);
  }

  /**
   * Changes the state; the caller holds the lock and calls {@link #tell} when it no longer does.
   */
  void become(SessionState next) {
    if (!(present instanceof SessionState.Closed)) {
      present = next;
      untold.add(next);
    }
  }

  /** Tells what was not told yet, unless another thread, or a caller of this one, is at it. */
  void tell() {
    while (true) {
      SessionState next;
      lock.lock();
      try {
        if (telling || untold.isEmpty()) {
          return;
        }
        next = untold.remove();
        telling = true;
      } finally {
        lock.unlock();
      }
      try {
        listeners.forEach(listener -> listener.accept(next));
      } finally {
        told();
      }
    }
  }

  private void told() {
    lock.lock();
    try {
      telling = false;
    } finally {
      lock.unlock();
    }
  }
}
