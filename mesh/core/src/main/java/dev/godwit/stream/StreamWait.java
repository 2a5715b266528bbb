package dev.godwit.stream;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * How the callers of one blocking stream wait, as {@link ByteStream} promises: until something
 * holds, the stream is reset, the connection is gone, or nothing has moved for too long. To be used
 * with the lock held that the conditions belong to.
 */
public final class StreamWait {
  private final IntSupplier resetCode;
  private final Supplier<@Nullable String> gone;

  /**
   * The waits of a stream.
   *
   * @param resetCode what the stream was reset with, negative while it was not
   * @param gone why the connection is gone, or null
   */
  public StreamWait(IntSupplier resetCode, Supplier<@Nullable String> gone) {
    this.resetCode = resetCode;
    this.gone = gone;
  }

  /**
   * Waits until {@code condition} holds.
   *
   * @param signal is signalled whenever something has changed
   * @param operation what waits, for messages
   * @param limit how long at most; zero for ever
   * @throws StreamResetException when the stream is reset, whatever holds
   * @throws StreamTimeoutException when it takes too long
   * @throws IOException when the connection is gone and {@code condition} does not hold
   */
  public void until(Condition signal, String operation, Duration limit, BooleanSupplier condition)
      throws IOException {
    until(signal, operation, limit, condition, StreamWait::none);
  }

  /** What a wait has to show that moves nothing before its end. */
  private static long none() {
    return 0;
  }

  /**
   * As above; the limit begins anew whenever {@code progress} has changed.
   *
   * @param progress any number that changes when something moves
   */
  public void until(
      Condition signal,
      String operation,
      Duration limit,
      BooleanSupplier condition,
      LongSupplier progress)
      throws IOException {
    long left = limit.toNanos();
    long before = progress.getAsLong();
    try {
      while (true) {
        int code = resetCode.getAsInt();
        if (code >= 0) {
          throw new StreamResetException(code);
        }
        if (condition.getAsBoolean()) {
          return;
        }
        String reason = gone.get();
        if (reason != null) {
          throw new IOException(reason);
        }
        if (limit.isZero()) {
          signal.await();
        } else if (left > 0) {
          left = signal.awaitNanos(left);
        } else if (progress.getAsLong() != before) {
          before = progress.getAsLong();
          left = limit.toNanos();
        } else {
          throw new StreamTimeoutException(operation, limit);
        }
      }
    } catch (InterruptedException e) {
      throw Interruption.passedOn("interrupted during " + operation, e);
    }
  }
}
