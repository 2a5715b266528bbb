package dev.godwit.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class StunQuotaTest {
  private final AtomicReference<Instant> now = new AtomicReference<>(Instant.EPOCH);
  private final StunQuota quota = new StunQuota(now::get, new SecureRandom(), 10);
  private final InetAddress address = InetAddress.ofLiteral("192.0.2.1");

  private long granted(int wanted) {
    return IntStream.range(0, wanted).filter(i -> quota.take(address)).count();
  }

  @Test
  void anAddressGetsABurstAndThenItsRate() {
    assertEquals(40, granted(100));
    now.set(Instant.EPOCH.plusMillis(500));
    assertEquals(5, granted(100));
  }

  @Test
  void othersAreServedMeanwhile() {
    assertEquals(40, granted(100));
    long served =
        IntStream.range(0, 200)
            .filter(i -> quota.take(InetAddress.ofLiteral("198.51.100." + i)))
            .count();
    // One in a thousand shares the bucket; that many cannot.
    assertTrue(served > 180, () -> served + " served");
    assertFalse(quota.take(address));
  }
}
