package dev.godwit.mount;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.chunk.BlockRuns;
import dev.godwit.chunk.BlockSet;
import dev.godwit.chunk.ChunkGeometry;
import dev.godwit.testing.Seeds;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class UnsavedNotesTest {
  private static final long SIZE = (8 << 20) + 5000;
  private static final long MOST = 4 << 20;
  private static final int CHUNK = 16;

  private final ChunkGeometry geometry = ChunkGeometry.of(SIZE);
  private final BlockSet missing = new BlockSet(geometry.blocks());
  private long now = 7;
  private final UnsavedNotes notes = new UnsavedNotes(geometry, missing, MOST, () -> now);

  private static BlockRuns run(int from, int to) {
    BlockRuns runs = new BlockRuns();
    runs.add(from, to);
    return runs;
  }

  private String widened(int from, int to, int noted) {
    BlockRuns runs = notes.widened(run(from, to), noted);
    assertEquals(1, runs.size());
    return runs.from(0) + "-" + runs.to(0);
  }

  private void entries(int count) {
    for (int i = 0; i < count; i++) {
      notes.entryWritten();
    }
  }

  @Test
  void aChunkIsNotedAsAWhole() {
    assertEquals("16-32", widened(20, 21, 0));
    assertEquals("16-48", widened(20, 33, 0));
  }

  @Test
  void ofAChunkThatIsNotAllHereOnlyWhatWasWrittenIsNoted() {
    missing.add(17, 18);
    assertEquals("20-21", widened(20, 21, 0));
    assertEquals("32-48", widened(40, 41, 0));
  }

  @Test
  void moreIsNotedWhenEntriesComeFast() {
    entries(UnsavedNotes.DOUBLING - 1);
    assertEquals("48-64", widened(60, 61, 0));
    entries(1);
    assertEquals("32-64", widened(60, 61, 0));
    entries(UnsavedNotes.DOUBLING);
    assertEquals("0-64", widened(60, 61, 0));
    entries(100 * UnsavedNotes.DOUBLING);
    assertEquals("256-512", widened(300, 301, 0));
  }

  @Test
  void chunksAreNotedAgainWhenEntriesBecomeRare() {
    entries(100 * UnsavedNotes.DOUBLING);
    now += TimeUnit.SECONDS.toNanos(1);
    assertEquals("48-64", widened(60, 61, 0));
  }

  @Test
  void aSteadyPaceIsNotFast() {
    for (int i = 0; i < 1000; i++) {
      notes.entryWritten();
      now += TimeUnit.SECONDS.toNanos(1) / UnsavedNotes.ENTRIES_PER_SECOND;
    }
    assertEquals("48-64", widened(60, 61, 0));
  }

  @Test
  void aChunkIsNotedWhenThereIsNotMoreHere() {
    entries(100 * UnsavedNotes.DOUBLING);
    missing.add(0, 1);
    assertEquals("48-64", widened(60, 61, 0));
  }

  @Test
  void onlyChunksAreNotedWhenACrashWouldSendTooMuchAgain() {
    entries(100 * UnsavedNotes.DOUBLING);
    int most = (int) (MOST / geometry.blockSize());
    assertEquals("0-256", widened(60, 61, most - 1));
    assertEquals("48-64", widened(60, 61, most));
  }

  @Test
  void nothingBehindTheEndIsNoted() {
    entries(100 * UnsavedNotes.DOUBLING);
    assertEquals("2048-2050", widened(2048, 2049, 0));
  }

  @Test
  void whatWasWrittenIsAlwaysInItAndWhatIsMissingNever() {
    Seeds.each(
        200,
        random -> {
          BlockSet absent = new BlockSet(geometry.blocks());
          UnsavedNotes tried = new UnsavedNotes(geometry, absent, MOST, () -> now);
          for (int i = 0; i < 20; i++) {
            int block = random.nextInt(geometry.blocks());
            absent.add(block, block + 1);
          }
          for (int i = 0; i < 100; i++) {
            tried.entryWritten();
            now += random.nextInt(20_000_000);
            int from = random.nextInt(geometry.blocks());
            int to = Math.min(geometry.blocks(), from + 1 + random.nextInt(2 * CHUNK));
            absent.remove(from, to);
            BlockRuns runs = tried.widened(run(from, to), random.nextInt(2000));
            BlockSet found = new BlockSet(geometry.blocks());
            runs.addTo(found);
            assertTrue(found.nextAbsent(from) >= to);
            absent.forEachRun((first, last) -> assertTrue(!found.intersects(first, last)));
          }
        });
  }
}
