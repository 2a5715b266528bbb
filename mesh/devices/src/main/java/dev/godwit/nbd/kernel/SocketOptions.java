package dev.godwit.nbd.kernel;

import dev.godwit.libc.LibC;
import dev.godwit.libc.SystemCallException;
import dev.godwit.libc.SystemCalls;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;

/** Options of sockets as {@code socket(7)} describes, for 64-bit Linux. */
final class SocketOptions {
  /** {@code struct timeval}. */
  private static final int TIME_BYTES = 16;

  private SocketOptions() {}

  /**
   * Sets how long calls wait, at least a millisecond; zero means for ever.
   *
   * @param option SO_RCVTIMEO or SO_SNDTIMEO
   */
  static void timeout(SystemCalls calls, int socket, int option, Duration limit)
      throws SystemCallException {
    ByteBuffer time = ByteBuffer.allocate(TIME_BYTES).order(ByteOrder.nativeOrder());
    if (!limit.isZero()) {
      Duration least = Duration.ofMillis(1);
      Duration wait = limit.compareTo(least) < 0 ? least : limit;
      time.putLong(wait.toSeconds()).putLong(wait.toNanosPart() / 1000);
    }
    set(calls, socket, LibC.SOL_SOCKET, option, time.array());
  }

  /** How long sending calls wait; the kernel's NBD client sets it on the sockets that it uses. */
  static Duration sendTimeout(SystemCalls calls, int socket) throws SystemCallException {
    byte[] time = new byte[TIME_BYTES];
    int[] length = {TIME_BYTES};
    if (calls.libc().getsockopt(socket, LibC.SOL_SOCKET, LibC.SO_SNDTIMEO, time, length) < 0) {
      throw calls.failure("getsockopt");
    }
    ByteBuffer in = ByteBuffer.wrap(time).order(ByteOrder.nativeOrder());
    return Duration.ofSeconds(in.getLong()).plusNanos(in.getLong() * 1000);
  }

  /** Switches an option on. */
  static void on(SystemCalls calls, int socket, int level, int option) throws SystemCallException {
    ByteBuffer one = ByteBuffer.allocate(4).order(ByteOrder.nativeOrder()).putInt(1);
    set(calls, socket, level, option, one.array());
  }

  private static void set(SystemCalls calls, int socket, int level, int option, byte[] value)
      throws SystemCallException {
    if (calls.libc().setsockopt(socket, level, option, value, value.length) < 0) {
      throw calls.failure("setsockopt");
    }
  }
}
