package dev.godwit.chunk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class ChangeTimesTest {
  private static final int BLOCKS = 100;
  private static final ChunkGeometry GEOMETRY = ChunkGeometry.of(BLOCKS * 4096L);

  private static BlockSet since(ChangeTimes times, long moment, int most) {
    BlockSet changed = new BlockSet(BLOCKS);
    for (int from = 0; from < BLOCKS; ) {
      BlockRuns page = new BlockRuns();
      int next = times.changedSince(moment, from, most, page);
      assertTrue(page.size() <= most);
      assertTrue(next > from);
      page.addTo(changed);
      from = next;
    }
    return changed;
  }

  @Test
  void whatChangedBeforeAMomentIsNotTold() {
    ChangeTimes times = new ChangeTimes(GEOMETRY);
    times.changed(1, 3);
    long moment = times.moment();
    times.changed(7, 8);
    assertEquals(1, since(times, moment, 10).count());
    assertTrue(times.isChangedSince(moment, 5, 8));
    assertFalse(times.isChangedSince(moment, 0, 7));
    assertFalse(times.isChangedSince(moment, 8, BLOCKS));
    assertTrue(since(times, times.moment(), 10).isEmpty());
  }

  @Test
  void whatChangedTwiceIsToldToThoseWhoKnowOnlyTheFirst() {
    ChangeTimes times = new ChangeTimes(GEOMETRY);
    times.changed(7, 8);
    long between = times.moment();
    times.changed(7, 8);
    assertTrue(times.isChangedSince(between, 7, 8));
  }

  @Test
  void pagesTellTheSameAsOne() {
    ChangeTimes times = new ChangeTimes(GEOMETRY);
    long moment = times.moment();
    for (int block = 1; block < BLOCKS; block += 2) {
      times.changed(block, block + 1);
    }
    assertEquals(BLOCKS / 2, since(times, moment, 3).count());
    assertEquals(BLOCKS / 2, since(times, moment, BLOCKS).count());
  }

  @Test
  void aLargeResourceIsToldInLargerParts() {
    ChunkGeometry large = ChunkGeometry.of(1L << 40);
    ChangeTimes times = new ChangeTimes(large);
    long moment = times.moment();
    int last = large.blocks() - 1;
    times.changed(last, last + 1);
    BlockRuns runs = new BlockRuns();
    assertEquals(large.blocks(), times.changedSince(moment, 0, 10, runs));
    assertEquals(large.blocks(), runs.to(0));
    assertEquals(1 << 20, large.bytes(runs.from(0), runs.to(0)));
  }

  /** One writes and notes it, round by round, while another asks all the time. */
  @Test
  void aChangeThatIsNotedDuringALookIsToldThenOrTheNextTime() throws Exception {
    ChangeTimes times = new ChangeTimes(ChunkGeometry.of(4096));
    int rounds = 300_000;
    AtomicInteger begun = new AtomicInteger();
    AtomicInteger noted = new AtomicInteger();
    Thread writing =
        Thread.ofPlatform()
            .start(
                () -> {
                  for (int round = 1; round <= rounds; round++) {
                    while (begun.get() < round) {
                      Thread.onSpinWait();
                    }
                    times.changed(0, 1);
                    noted.set(round);
                  }
                });
    long known = times.moment();
    for (int round = 1; round <= rounds; round++) {
      begun.set(round);
      boolean told = false;
      boolean last;
      do {
        last = noted.get() == round;
        long moment = times.moment();
        told |= times.isChangedSince(known, 0, 1);
        known = moment;
      } while (!last);
      assertTrue(told, "round " + round);
    }
    writing.join();
  }

  /** Several write and note it; one keeps a copy by what he is told. */
  @Test
  void whoFollowsHasEverythingAtTheEnd() throws Exception {
    long seed = System.nanoTime();
    ChangeTimes times = new ChangeTimes(GEOMETRY);
    AtomicIntegerArray contents = new AtomicIntegerArray(BLOCKS);
    int[] copy = new int[BLOCKS];
    AtomicBoolean writing = new AtomicBoolean(true);
    List<Thread> writers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      Random random = new Random(seed + i);
      writers.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    for (int write = 0; write < 100_000; write++) {
                      int block = random.nextInt(BLOCKS);
                      int _ = contents.incrementAndGet(block);
                      times.changed(block, block + 1);
                    }
                  }));
    }
    Thread following =
        Thread.ofPlatform()
            .start(
                () -> {
                  long known = 0;
                  boolean more = true;
                  while (more) {
                    more = writing.get();
                    long moment = times.moment();
                    since(times, known, 10)
                        .forEachRun(
                            (from, to) -> {
                              for (int block = from; block < to; block++) {
                                copy[block] = contents.get(block);
                              }
                            });
                    known = moment;
                  }
                });
    for (Thread writer : writers) {
      writer.join();
    }
    writing.set(false);
    following.join();
    for (int block = 0; block < BLOCKS; block++) {
      assertEquals(contents.get(block), copy[block], "seed " + seed + ", block " + block);
    }
  }
}
