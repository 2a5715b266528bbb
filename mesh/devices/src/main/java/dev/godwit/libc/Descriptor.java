package dev.godwit.libc;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * A file descriptor that many threads use and one closes. It is closed for real when the last call
 * under way has ended, so a number that the system has given to another file by then is never used.
 * Thread-safe.
 */
public final class Descriptor implements AutoCloseable {
  private static final int CLOSED = Integer.MIN_VALUE;

  private final LibC libc;
  private final int number;

  /** Calls under way, plus {@link #CLOSED} once closed. */
  private final AtomicInteger users = new AtomicInteger();

  /**
   * Takes over an open descriptor.
   *
   * @param number as {@code open(2)} returned it
   */
  public Descriptor(LibC libc, int number) {
    this.libc = libc;
    this.number = number;
  }

  /** The number, for calls between {@link #enter} and {@link #leave}. */
  public int number() {
    return number;
  }

  /**
   * Begins a call.
   *
   * @return whether the descriptor is open; if so {@link #leave} has to follow
   */
  public boolean enter() {
    return users.getAndUpdate(count -> count < 0 ? count : count + 1) >= 0;
  }

  /** Ends a call. */
  public void leave() {
    if (users.decrementAndGet() == CLOSED) {
      closeNumber();
    }
  }

  /** Refuses new calls; never waits. May be called twice. */
  @Override
  public void close() {
    if (users.getAndUpdate(count -> count < 0 ? count : count + CLOSED) == 0) {
      closeNumber();
    }
  }

  private void closeNumber() {
    // Nothing that an error could tell: what was written was answered by the call that wrote it.
    var _ = libc.close(number);
  }
}
