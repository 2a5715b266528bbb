package dev.godwit.nbd;

import java.util.function.LongSupplier;

/**
 * Lets a connection's thread stay awake for some microseconds before it waits for the next request.
 * A client that has many under way sends the next one that soon, and it is the client's time, too,
 * that waking this thread would take. Whether that is so is found out by trying: while a request
 * was there after the thread stayed awake, it does so each time; when none was, ever more rarely.
 * For one thread.
 */
final class Linger {
  /** How long to stay awake, nanoseconds: less than falling asleep and being woken takes. */
  static final long AWAKE = 8_000;

  /** A read that takes no longer has not waited, nanoseconds, besides what copying takes. */
  static final long PROMPT = 4_000;

  /** Of so many waits, one is tried at the least. */
  static final int RAREST = 64;

  private final LongSupplier nanos;

  /** One wait of so many is tried. */
  private int interval = 1;

  private int skipped;
  private boolean trying;
  private long start;

  /**
   * @param nanos a clock that never goes back
   */
  Linger(LongSupplier nanos) {
    this.nanos = nanos;
  }

  /** Called before each read that may have to wait; returns when it is time for it. */
  void beforeWait() {
    trying = ++skipped >= interval;
    if (trying) {
      skipped = 0;
      long end = nanos.getAsLong() + AWAKE;
      while ((start = nanos.getAsLong()) < end) {
        Thread.onSpinWait();
      }
    }
  }

  /** Called when the read has ended, with the bytes that it brought. */
  void afterWait(int bytes) {
    if (trying) {
      boolean prompt = nanos.getAsLong() - start <= PROMPT + bytes / Pace.COPIED;
      interval = prompt ? 1 : Math.min(2 * interval, RAREST);
    }
  }
}
