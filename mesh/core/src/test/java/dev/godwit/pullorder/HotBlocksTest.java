package dev.godwit.pullorder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.godwit.chunk.ChunkGeometry;
import dev.godwit.testing.Patience;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class HotBlocksTest {
  private static final int CHUNK = 4096;
  private static final ChunkGeometry HUNDRED = new ChunkGeometry(99 * CHUNK + 5, 512, CHUNK);
  private static final Duration HALF_LIFE = Duration.ofMinutes(10);

  private final AtomicLong clock = new AtomicLong(77);
  private final HotBlocks hot = new HotBlocks(HUNDRED, HALF_LIFE, clock::get);

  private void read(int times, int chunk) {
    for (int i = 0; i < times; i++) {
      hot.read((long) chunk * CHUNK + 1, 10);
    }
  }

  private List<ByteRange> ranges() {
    return hot.profile("disk").ranges("disk", HUNDRED.size());
  }

  private static ByteRange chunks(int from, int to) {
    return new ByteRange((long) from * CHUNK, (long) (to - from) * CHUNK);
  }

  @Test
  void nothingReadIsNothingHot() {
    assertEquals(List.of(), ranges());
  }

  @Test
  void theHottestComesFirst() {
    read(1, 5);
    read(100, 70);
    read(10, 6);
    assertEquals(List.of(chunks(70, 71), chunks(6, 7), chunks(5, 6)), ranges());
  }

  @Test
  void neighboursThatAreAboutAsHotAreOneRange() {
    read(10, 5);
    read(12, 6);
    read(15, 7);
    read(3, 4);
    assertEquals(List.of(chunks(5, 8), chunks(4, 5)), ranges());
  }

  @Test
  void aReadCountsInEachChunkThatItTouches() {
    hot.read(2 * CHUNK - 1, CHUNK + 2);
    assertEquals(List.of(chunks(1, 4)), ranges());
  }

  @Test
  void theShortLastChunkIsHotAsFarAsItGoes() {
    hot.read(99 * CHUNK, 5);
    assertEquals(List.of(new ByteRange(99 * CHUNK, 5)), ranges());
  }

  @Test
  void whatWasHotLongAgoIsForgotten() {
    read(1000, 5);
    clock.addAndGet(HALF_LIFE.toNanos() * 6);
    read(40, 6);
    // 1000 halved six times is 15.
    assertEquals(List.of(chunks(6, 7), chunks(5, 6)), ranges());
    clock.addAndGet(HALF_LIFE.toNanos() * 5);
    assertEquals(List.of(chunks(6, 7)), ranges());
    clock.addAndGet(HALF_LIFE.toNanos() * 1_000_000);
    assertEquals(List.of(), ranges());
  }

  @Test
  void lessThanAHalfLifeIsKeptForTheNextHalving() {
    read(3, 5);
    read(1, 7);
    clock.addAndGet(HALF_LIFE.toNanos() - 1);
    assertEquals(List.of(chunks(5, 6), chunks(7, 8)), ranges());
    clock.addAndGet(1);
    assertEquals(List.of(chunks(5, 6)), ranges());
  }

  @Test
  void aLargeResourceIsCountedInLargerParts() throws IOException {
    ChunkGeometry geometry = ChunkGeometry.of((1L << 40) + 1);
    HotBlocks large = new HotBlocks(geometry, HALF_LIFE, clock::get);
    assertEquals(2 << 20, large.partSize());
    large.read(1L << 40, 1);
    large.read((1L << 39) - 1, 2);
    assertEquals(
        List.of(new ByteRange((1L << 39) - (2 << 20), 4 << 20), new ByteRange(1L << 40, 1)),
        AccessProfile.decode(large.profile("").encode()).ranges("", geometry.size()));
  }

  @Test
  void theColdestAreLeftOutOfAProfileThatIsFull() {
    ChunkGeometry geometry = ChunkGeometry.of(1L << 40);
    HotBlocks large = new HotBlocks(geometry, HALF_LIFE, clock::get);
    for (int i = 0; i < AccessProfile.MAX_RUNS + 10; i++) {
      large.read(2L * i * large.partSize(), 1);
    }
    long hottest = 2L * (AccessProfile.MAX_RUNS + 5) * large.partSize();
    large.read(hottest, 1);
    large.read(hottest, 1);
    AccessProfile profile = large.profile("");
    assertEquals(AccessProfile.MAX_RUNS, profile.runs());
    assertEquals(hottest, profile.ranges("", 1L << 40).getFirst().offset());
  }

  @Test
  void aHalfLifeOfNothingIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> new HotBlocks(HUNDRED, Duration.ZERO));
  }

  @Test
  void threadsTogetherLoseNoCount() throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        running.add(threads.submit(() -> read(8192, 5)));
      }
      for (Future<?> each : running) {
        each.get(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS);
      }
    }
    // 32768 needs one bit more than 32767, so its neighbour is less hot.
    read(32767, 3);
    assertEquals(List.of(chunks(5, 6), chunks(3, 4)), ranges());
  }
}
