package dev.godwit.nbd;

import java.io.IOException;
import java.util.function.LongSupplier;

/**
 * Lets a thread stay awake for some microseconds before it sleeps until a client is ready. Falling
 * asleep and being woken takes longer than many clients need to send the next request, and it is
 * the client's time that this takes. Whether staying awake pays is found out by trying: while the
 * client was ready meanwhile, it is done each time; when it was not, ever more rarely. For one
 * thread at a time.
 *
 * <p>Source: decision 043.
 */
final class Linger {
  /** How long to stay awake, nanoseconds: as long as a client takes that has to be woken first. */
  static final long AWAKE = 50_000;

  /** Of so many waits, one is tried at the least. */
  static final int RAREST = 64;

  private final LongSupplier nanos;

  /** One wait of so many is tried. */
  private int interval = 1;

  private int skipped;

  /**
   * Does with something what can be done without waiting.
   *
   * @param <T> what it is done with
   */
  @FunctionalInterface
  interface Attempt<T> {
    /** Returns 0 when it could not be done now. */
    int with(T subject) throws IOException;
  }

  /**
   * @param nanos a clock that never goes back
   */
  Linger(LongSupplier nanos) {
    this.nanos = nanos;
  }

  /**
   * Makes an attempt, and more of them while staying awake.
   *
   * @return what the last attempt returned; 0 when it is time to sleep
   * @throws IOException from an attempt
   */
  <T> int await(Attempt<T> attempt, T subject) throws IOException {
    int done = attempt.with(subject);
    if (done != 0 || ++skipped < interval) {
      return done;
    }
    skipped = 0;
    long start = nanos.getAsLong();
    while (done == 0 && nanos.getAsLong() - start < AWAKE) {
      Thread.onSpinWait();
      done = attempt.with(subject);
    }
    interval = done != 0 ? 1 : Math.min(2 * interval, RAREST);
    return done;
  }
}
