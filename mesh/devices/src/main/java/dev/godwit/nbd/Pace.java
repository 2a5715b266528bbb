package dev.godwit.nbd;

import dev.godwit.backend.Backend;
import dev.godwit.backend.Backend.Latency;
import dev.godwit.backend.ForwardingBackend;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * Watches how long a local disk takes, to tell whether handing a request to another thread is worth
 * it: what the kernel holds in memory is read sooner than another thread wakes up, what is on the
 * disk is not.
 *
 * <p>It keeps an account of time. A call earns what handing it over would have cost and pays what
 * it took; while something is left, requests are served in place. So waiting in place never costs
 * much more than handing over would have. Thread-safe.
 */
final class Pace extends ForwardingBackend {
  /** What it costs to hand a request to another thread and its reply to the socket, nanoseconds. */
  static final long HAND_OVER = 10_000;

  /** Bytes that are copied in a nanosecond at the slowest; copying takes as long anywhere. */
  static final int COPIED = 2;

  /** No call counts for more: it may have been the processor that was busy. */
  static final long DEAREST = 500_000;

  /** The account's bounds, nanoseconds: two dear calls, and a few hundred quick ones. */
  static final long MOST = 1_000_000;

  private final LongSupplier nanos;
  private final AtomicLong account = new AtomicLong();

  /**
   * Watches the reads and writes of {@code below}.
   *
   * @param nanos a clock that never goes back
   */
  Pace(Backend below, LongSupplier nanos) {
    super(below);
    this.nanos = nanos;
  }

  /** Whether the next call is best made by whoever has the request. */
  boolean isQuick() {
    return account.get() > 0;
  }

  @Override
  public void read(ByteBuffer dst, long offset) throws IOException {
    if (below.latency() != Latency.LOCAL) {
      below.read(dst, offset);
      return;
    }
    int length = dst.remaining();
    long start = nanos.getAsLong();
    try {
      below.read(dst, offset);
    } finally {
      took(nanos.getAsLong() - start, length);
    }
  }

  @Override
  public void write(ByteBuffer src, long offset) throws IOException {
    if (below.latency() != Latency.LOCAL) {
      below.write(src, offset);
      return;
    }
    int length = src.remaining();
    long start = nanos.getAsLong();
    try {
      below.write(src, offset);
    } finally {
      took(nanos.getAsLong() - start, length);
    }
  }

  private void took(long time, int bytes) {
    long change = HAND_OVER + bytes / COPIED - Math.min(time, DEAREST);
    long before;
    long after;
    do {
      before = account.get();
      after = Math.clamp(before + change, -MOST, MOST);
    } while (before != after && !account.compareAndSet(before, after));
  }
}
