package dev.godwit.limit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class TokenBucketTest {

  private final AtomicReference<Instant> now = new AtomicReference<>(Instant.EPOCH);
  private final TokenBucket bucket = new TokenBucket(now::get, 3, 2, Duration.ofSeconds(1));

  private void empty() {
    while (bucket.take().isEmpty()) {
      // Takes all.
    }
  }

  @Test
  void grantsABurstAndThenTellsTheWait() {
    assertEquals(Optional.empty(), bucket.take());
    assertEquals(Optional.empty(), bucket.take());
    assertEquals(Optional.empty(), bucket.take());
    assertEquals(Optional.of(Duration.ofMillis(500)), bucket.take());
  }

  @Test
  void fillsWithTimeButNotOverTheBrim() {
    empty();
    now.set(Instant.EPOCH.plusMillis(500));
    assertEquals(Optional.empty(), bucket.take());
    assertTrue(bucket.take().isPresent());
    now.set(Instant.EPOCH.plusSeconds(3600));
    assertTrue(bucket.isFull());
    empty();
    assertTrue(bucket.take().isPresent());
  }

  @Test
  void aClockThatGoesBackGrantsNothingAndBlocksNothing() {
    empty();
    now.set(Instant.EPOCH.minusSeconds(3600));
    assertTrue(bucket.take().isPresent());
    now.set(Instant.EPOCH.minusSeconds(3599));
    assertEquals(Optional.empty(), bucket.take());
  }
}
