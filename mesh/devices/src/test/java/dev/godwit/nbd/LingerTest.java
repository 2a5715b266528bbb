package dev.godwit.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.Test;

final class LingerTest {
  private static final long SOON = Linger.AWAKE / 2;
  private static final long LATE = 20 * Linger.AWAKE;

  private long now;
  private int attempts;
  private final Linger linger = new Linger(() -> now += 100);

  /** How long the thread stayed awake in that many waits for a client that takes so long. */
  private long awake(int waits, long client) throws IOException {
    long awake = 0;
    for (int i = 0; i < waits; i++) {
      long before = now;
      int _ = linger.await(this::isReady, before + client);
      awake += now - before;
    }
    return awake;
  }

  private int isReady(long when) {
    attempts++;
    return now >= when ? 1 : 0;
  }

  @Test
  void whereRequestsComeSoonTheThreadIsAwakeForEach() throws IOException {
    assertTrue(awake(1000, SOON) >= 1000 * SOON);
  }

  @Test
  void aRequestIsTakenWhenItIsThere() throws IOException {
    assertTrue(awake(1, SOON) < SOON + 1000);
  }

  @Test
  void whatIsThereIsTakenAtOnce() throws IOException {
    assertEquals(0, awake(1000, 0));
    assertEquals(1000, attempts);
  }

  @Test
  void whereNoneComesTheThreadHardlyEverStaysAwake() throws IOException {
    assertTrue(awake(10_000, LATE) <= 2 * Linger.AWAKE * 10_000 / Linger.RAREST);
  }

  @Test
  void whereNoneComesTheThreadIsAsleepNextTime() throws IOException {
    assertTrue(awake(1, LATE) >= Linger.AWAKE);
    assertEquals(0, awake(1, LATE));
  }

  @Test
  void aClientThatBeginsToAnswerSoonIsNoticed() throws IOException {
    long _ = awake(10_000, LATE);
    long _ = awake(Linger.RAREST, SOON);
    assertTrue(awake(10, SOON) >= 10 * SOON);
  }

  @Test
  void requestsThatAreThereAlreadyChangeNothing() throws IOException {
    long _ = awake(10_000, LATE);
    long _ = awake(10_000, 0);
    assertTrue(awake(Linger.RAREST, LATE) <= 2 * Linger.AWAKE);
  }

  @Test
  void failureOfAnAttemptIsTheCallers() {
    assertThrows(
        IOException.class,
        () ->
            linger.await(
                _ -> {
                  throw new IOException("gone");
                },
                ""));
  }
}
