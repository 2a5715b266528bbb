package dev.godwit.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

final class LingerTest {
  private static final int BYTES = 4096;
  private static final long AT_ONCE = 1_000;
  private static final long ASLEEP = 40_000;

  private long now;
  private final Linger linger = new Linger(() -> now += 100);

  /** How long the thread stayed awake in that many waits, each with such a read. */
  private long awake(int waits, int bytes, long read) {
    long awake = 0;
    for (int i = 0; i < waits; i++) {
      long before = now;
      linger.beforeWait();
      awake += now - before;
      now += read;
      linger.afterWait(bytes);
    }
    return awake;
  }

  @Test
  void whereRequestsComeAtOnceTheThreadStaysAwakeEachTime() {
    assertTrue(awake(1000, BYTES, AT_ONCE) >= 1000 * Linger.AWAKE);
  }

  @Test
  void whereNoneComesTheThreadHardlyEverStaysAwake() {
    assertTrue(awake(10_000, BYTES, ASLEEP) <= 2 * Linger.AWAKE * 10_000 / Linger.RAREST);
  }

  @Test
  void whereNoneComesTheThreadIsAsleepNextTime() {
    assertTrue(awake(1, BYTES, ASLEEP) >= Linger.AWAKE);
    assertEquals(0, awake(1, BYTES, ASLEEP));
  }

  @Test
  void aClientThatBeginsToSendManyIsNoticed() {
    long _ = awake(10_000, BYTES, ASLEEP);
    long _ = awake(Linger.RAREST, BYTES, AT_ONCE);
    assertTrue(awake(10, BYTES, AT_ONCE) >= 10 * Linger.AWAKE);
  }

  @Test
  void copyingALotIsNoWaiting() {
    int bytes = 1 << 18;
    assertTrue(awake(100, bytes, bytes / Pace.COPIED) >= 100 * Linger.AWAKE);
  }
}
