package dev.godwit.nbd;

import java.time.Duration;

/**
 * Bounds of one connection.
 *
 * @param handshake how long a client may take from connecting to choosing an export, positive
 * @param options how many options a client may send meanwhile, positive
 * @param bytesInFlight buffers of requests being served at once, at least 33 MiB
 * @param stall how long to wait for the backend when everything in flight is used up, and at the
 *     connection's end, positive
 */
public record NbdLimits(Duration handshake, int options, int bytesInFlight, Duration stall) {
  /** 10 seconds, 1024 options, 64 MiB, 2 minutes. */
  public static final NbdLimits DEFAULT =
      new NbdLimits(Duration.ofSeconds(10), 1024, 64 << 20, Duration.ofMinutes(2));

  /** Rejects bounds under which no client could work. */
  public NbdLimits {
    if (!handshake.isPositive()
        || options < 1
        || bytesInFlight < BlockSizes.LARGEST + (1 << 20)
        || !stall.isPositive()) {
      throw new IllegalArgumentException(
          "limits " + handshake + ", " + options + ", " + bytesInFlight + ", " + stall);
    }
  }
}
