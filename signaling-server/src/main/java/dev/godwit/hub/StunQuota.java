package dev.godwit.hub;

import dev.godwit.limit.TokenBucket;
import java.net.InetAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.stream.Stream;

/**
 * How many STUN answers an address gets. Source addresses of datagrams can be forged, so nothing is
 * remembered per address: each one shares one of a fixed number of buckets with others that cannot
 * be guessed. Safe for use by many threads.
 */
final class StunQuota {
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final int BUCKETS = 1024;

  private final TokenBucket[] buckets;
  private final int secret;

  /**
   * Full buckets.
   *
   * @param perSecond answers in the long run; four times as many in a burst
   */
  StunQuota(InstantSource clock, SecureRandom random, int perSecond) {
    this.secret = random.nextInt();
    this.buckets =
        Stream.generate(() -> new TokenBucket(clock, 4 * perSecond, perSecond, SECOND))
            .limit(BUCKETS)
            .toArray(TokenBucket[]::new);
  }

  /** Whether one more answer may go there. */
  boolean take(InetAddress to) {
    int hash = secret;
    for (byte part : to.getAddress()) {
      hash = (hash ^ part) * 0x9E3779B1;
      hash ^= hash >>> 15;
    }
    return buckets[Math.floorMod(hash, BUCKETS)].take().isEmpty();
  }
}
