package dev.godwit.pullorder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.chunk.ChunkGeometry;
import dev.godwit.testing.Patience;
import dev.godwit.testing.Seeds;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class AccessRecorderTest {
  private static final int BLOCK = 512;

  private static ChunkGeometry blocks(int count) {
    return new ChunkGeometry((long) count * BLOCK, BLOCK, BLOCK);
  }

  private static List<ByteRange> ranges(AccessRecorder recorder, ChunkGeometry geometry) {
    return recorder.profile("").ranges("", geometry.size());
  }

  private static ByteRange run(int from, int to) {
    return new ByteRange((long) from * BLOCK, (long) (to - from) * BLOCK);
  }

  @Test
  void blocksAreInTheOrderOfTheirFirstRead() {
    ChunkGeometry geometry = blocks(100);
    AccessRecorder recorder = new AccessRecorder(geometry);
    recorder.read(50 * BLOCK + 100, 1);
    recorder.read(10 * BLOCK - 1, 2);
    recorder.read(50 * BLOCK, 10);
    recorder.read(0, BLOCK);
    assertEquals(List.of(run(50, 51), run(9, 11), run(0, 1)), ranges(recorder, geometry));
  }

  @Test
  void onlyWhatIsNewOfAReadIsRecorded() {
    ChunkGeometry geometry = blocks(100);
    AccessRecorder recorder = new AccessRecorder(geometry);
    recorder.read(5 * BLOCK, BLOCK);
    recorder.read(2 * BLOCK, 6 * BLOCK);
    assertEquals(List.of(run(5, 8), run(2, 5)), ranges(recorder, geometry));
  }

  @Test
  void readersSideBySideMakeOneRunEach() {
    ChunkGeometry geometry = blocks(10_000);
    AccessRecorder recorder = new AccessRecorder(geometry);
    for (int i = 0; i < 100; i++) {
      for (int reader = 0; reader < OrderedRuns.GROWING; reader++) {
        recorder.read((reader * 500L + i) * BLOCK, BLOCK);
      }
    }
    List<ByteRange> ranges = ranges(recorder, geometry);
    assertEquals(OrderedRuns.GROWING, ranges.size());
    assertEquals(run(500, 600), ranges.get(1));
  }

  @Test
  void theShortLastBlockIsRecordedAsFarAsItGoes() {
    ChunkGeometry geometry = new ChunkGeometry(1000, BLOCK, BLOCK);
    AccessRecorder recorder = new AccessRecorder(geometry);
    recorder.read(999, 1);
    assertEquals(List.of(new ByteRange(512, 488)), ranges(recorder, geometry));
  }

  @Test
  void whatComesWhenTheRunsAreFullIsNotRecorded() {
    ChunkGeometry geometry = blocks(3 * AccessProfile.MAX_RUNS);
    AccessRecorder recorder = new AccessRecorder(geometry);
    for (int i = 0; i < AccessProfile.MAX_RUNS + 100; i++) {
      recorder.read(2L * i * BLOCK, 1);
    }
    List<ByteRange> ranges = ranges(recorder, geometry);
    assertEquals(AccessProfile.MAX_RUNS, ranges.size());
    assertEquals(
        run(2 * AccessProfile.MAX_RUNS - 2, 2 * AccessProfile.MAX_RUNS - 1), ranges.getLast());
  }

  @Test
  void anyReadsGiveEachBlockOnceAndNoLaterThanItsOrderDemands() {
    Seeds.each(
        2_000,
        random -> {
          ChunkGeometry geometry = blocks(1 + random.nextInt(200));
          AccessRecorder recorder = new AccessRecorder(geometry);
          Set<Integer> seen = new HashSet<>();
          for (int i = 0; i < 40; i++) {
            long from = random.nextLong(geometry.size());
            long length = 1 + random.nextLong(Math.min(5000, geometry.size() - from));
            recorder.read(from, length);
            for (long at = from; at < from + length; at++) {
              seen.add((int) (at / BLOCK));
            }
            assertEquals(seen, once(ranges(recorder, geometry)));
          }
        });
  }

  /** The blocks of ranges, each of which must be in one of them only. */
  private static Set<Integer> once(List<ByteRange> ranges) {
    Set<Integer> blocks = new HashSet<>();
    for (ByteRange range : ranges) {
      for (long at = range.offset(); at < range.end(); at += BLOCK) {
        assertTrue(blocks.add((int) (at / BLOCK)), range::toString);
      }
    }
    return blocks;
  }

  @Test
  void threadsTogetherRecordEachBlockOnce() throws Exception {
    ChunkGeometry geometry = blocks(2000);
    AccessRecorder recorder = new AccessRecorder(geometry);
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        Random random = new Random(i);
        running.add(
            threads.submit(
                () -> {
                  for (int reads = 0; reads < 20_000; reads++) {
                    int block = random.nextInt(1990);
                    recorder.read((long) block * BLOCK, (1L + random.nextInt(10)) * BLOCK);
                  }
                }));
      }
      for (Future<?> each : running) {
        each.get(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS);
      }
    }
    assertEquals(1999, once(ranges(recorder, geometry)).size());
  }
}
