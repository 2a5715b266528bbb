package dev.godwit.internet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LinkModelTest {
  private static final long MILLI = 1_000_000;
  private static final LinkProfile PERFECT = LinkProfile.PERFECT;

  private static LinkModel model(LinkProfile profile) {
    return new LinkModel(profile, new SplittableRandom(7));
  }

  @Test
  void aPerfectLinkTakesNoTime() {
    LinkModel model = model(PERFECT);
    assertEquals(0, model.admit(0, 1500));
    assertEquals(5, model.admit(5, 1500));
    assertEquals(5, model.admit(5, 1500));
  }

  @Test
  void aDelayIsTheSameForAll() {
    LinkModel model = model(PERFECT.withDelay(Duration.ofMillis(20)));
    assertEquals(20 * MILLI, model.admit(0, 40));
    assertEquals(23 * MILLI, model.admit(3 * MILLI, 1500));
  }

  @Test
  void aLineTakesOneAfterTheOther() {
    // 1000 bytes are 8000 bits, which take 8 ms.
    LinkModel model = model(PERFECT.withRate(1_000_000).withDelay(Duration.ofMillis(20)));
    assertEquals(28 * MILLI, model.admit(0, 1000));
    assertEquals(36 * MILLI, model.admit(0, 1000));
    assertEquals(44 * MILLI, model.admit(10 * MILLI, 1000));
    assertEquals(128 * MILLI, model.admit(100 * MILLI, 1000));
  }

  @Test
  void whatFindsNoRoomIsDropped() {
    LinkModel model = model(PERFECT.withRate(1_000_000).withQueue(2000));
    assertEquals(8 * MILLI, model.admit(0, 1000));
    assertEquals(16 * MILLI, model.admit(0, 1000));
    assertEquals(LinkModel.DROPPED, model.admit(0, 1000));
    assertEquals(LinkModel.DROPPED, model.admit(8 * MILLI - 1, 1000));
    assertEquals(24 * MILLI, model.admit(8 * MILLI, 1000));
  }

  @Test
  void withoutAQueueAnIdleLineStillTakesAPacket() {
    LinkModel model = model(PERFECT.withRate(1_000_000).withQueue(0));
    assertEquals(8 * MILLI, model.admit(0, 1000));
    assertEquals(LinkModel.DROPPED, model.admit(8 * MILLI - 1, 1));
    assertEquals(16 * MILLI, model.admit(8 * MILLI, 1000));
  }

  @Test
  void aLostPacketHasUsedTheLine() {
    LinkModel model = model(PERFECT.withRate(1_000_000).withLoss(1).withQueue(1000));
    assertEquals(LinkModel.LOST, model.admit(0, 1000));
    assertEquals(LinkModel.DROPPED, model.admit(0, 1000));
  }

  @Test
  void asManyAreLostAsItSays() {
    int count = 100_000;
    int lost = 0;
    LinkModel model = model(PERFECT.withLoss(0.02));
    for (int i = 0; i < count; i++) {
      if (model.admit(i, 100) == LinkModel.LOST) {
        lost++;
      }
    }
    assertEquals(0.02, (double) lost / count, 0.003);
  }

  @Test
  void theSameSeedHasTheSameFate() {
    LinkProfile profile =
        PERFECT
            .withDelay(Duration.ofMillis(10))
            .withJitter(Duration.ofMillis(3))
            .withLoss(0.1)
            .withReordering(0.1);
    assertEquals(fate(profile, 1), fate(profile, 1));
    assertNotEquals(fate(profile, 1), fate(profile, 2));
  }

  private static List<Long> fate(LinkProfile profile, long seed) {
    LinkModel model = new LinkModel(profile, new SplittableRandom(seed));
    List<Long> fate = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      fate.add(model.admit(i * 1000L, 100));
    }
    return fate;
  }

  @Test
  void jitterVariesTheDelayAndKeepsTheOrder() {
    LinkModel model =
        model(PERFECT.withDelay(Duration.ofMillis(10)).withJitter(Duration.ofMillis(5)));
    long last = 0;
    long shortest = Long.MAX_VALUE;
    long longest = 0;
    for (long now = 0; now < 10_000 * MILLI; now += 10 * MILLI) {
      long arrival = model.admit(now, 100);
      assertTrue(arrival >= last);
      last = arrival;
      shortest = Math.min(shortest, arrival - now);
      longest = Math.max(longest, arrival - now);
    }
    assertTrue(shortest >= 5 * MILLI && shortest < 6 * MILLI);
    assertTrue(longest > 14 * MILLI && longest <= 15 * MILLI);
  }

  @Test
  void onlyWhatOvertakesSkipsTheDelay() {
    LinkModel model = model(PERFECT.withDelay(Duration.ofMillis(10)).withReordering(0.25));
    int overtaking = 0;
    for (int i = 0; i < 10_000; i++) {
      long now = i * 1000L;
      long arrival = model.admit(now, 100);
      if (arrival == now) {
        overtaking++;
      } else {
        assertEquals(now + 10 * MILLI, arrival);
      }
    }
    assertEquals(0.25, overtaking / 10_000.0, 0.03);
  }

  /** What the queue gives back is sorted, and is what the model was told. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void packetsLeaveInTheOrderOfTheirArrival(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    LinkModel model =
        new LinkModel(
            PERFECT
                .withDelay(Duration.ofNanos(5000))
                .withJitter(Duration.ofNanos(2000))
                .withReordering(0.2)
                .withRate(10_000_000_000L),
            random.split());
    int capacity = 100;
    PacketQueue queue = new PacketQueue(capacity);
    long[] expected = new long[capacity];
    List<Integer> free = new ArrayList<>();
    for (int i = 0; i < capacity; i++) {
      free.add(i);
    }
    long now = 0;
    int delivered = 0;
    for (int step = 0; step < 20_000; step++) {
      now += random.nextInt(400);
      long last = 0;
      while (queue.arrival() <= now) {
        long arrival = queue.arrival();
        int length = queue.length();
        int buffer = queue.remove();
        assertEquals(expected[buffer], arrival, "seed " + seed);
        assertEquals(buffer + 1, length, "seed " + seed);
        assertTrue(arrival >= last, "seed " + seed);
        last = arrival;
        free.add(buffer);
        delivered++;
      }
      if (!free.isEmpty()) {
        int buffer = free.removeLast();
        expected[buffer] = model.admit(now, buffer + 1);
        queue.add(buffer, buffer + 1, expected[buffer]);
      }
    }
    assertTrue(delivered > 10_000, "seed " + seed);
  }

  @Test
  void whatMakesNoSenseIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> PERFECT.withLoss(1.1));
    assertThrows(IllegalArgumentException.class, () -> PERFECT.withLoss(Double.NaN));
    assertThrows(IllegalArgumentException.class, () -> PERFECT.withReordering(-0.1));
    assertThrows(IllegalArgumentException.class, () -> PERFECT.withJitter(Duration.ofMillis(1)));
    assertThrows(IllegalArgumentException.class, () -> PERFECT.withDelay(Duration.ofHours(1)));
    assertThrows(IllegalArgumentException.class, () -> PERFECT.withRate(0));
    assertThrows(IllegalArgumentException.class, () -> PERFECT.withQueue(-1));
  }
}
