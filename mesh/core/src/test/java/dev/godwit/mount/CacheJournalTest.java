package dev.godwit.mount;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.chunk.BlockRuns;
import dev.godwit.chunk.BlockSet;
import dev.godwit.chunk.ChunkGeometry;
import dev.godwit.identity.Identity;
import dev.godwit.log.MemoryLog;
import dev.godwit.testing.Seeds;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.SecureRandom;
import java.util.BitSet;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class CacheJournalTest {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final int BLOCKS = 100;

  private final MemoryLog log = new MemoryLog();
  private final CacheJournal.Origin origin =
      new CacheJournal.Origin(
          MountId.random(RANDOM),
          Identity.generate(RANDOM).id(),
          "disk",
          ChunkGeometry.of(BLOCKS * 4096L),
          7);

  private CacheJournal restarted() throws IOException {
    return new CacheJournal(log);
  }

  private static BlockRuns runs(int from, int to) {
    BlockRuns runs = new BlockRuns();
    runs.add(from, to);
    return runs;
  }

  private static BlockSet set(int from, int to) {
    BlockSet set = new BlockSet(BLOCKS);
    set.add(from, to);
    return set;
  }

  @Test
  void aNewOneKnowsNothing() throws Exception {
    CacheJournal journal = restarted();
    assertNull(journal.origin());
    assertTrue(journal.unsaved().isEmpty());
    assertNull(journal.whole());
  }

  @Test
  void whatItIsOfIsKept() throws Exception {
    restarted().begin(origin, new BlockSet(BLOCKS));
    assertEquals(origin, restarted().origin());
  }

  @Test
  void unsavedBlocksAreKeptUntilTheyAreSaved() throws Exception {
    CacheJournal journal = restarted();
    journal.begin(origin, new BlockSet(BLOCKS));
    journal.unsaved(runs(3, 9));
    assertEquals(6, restarted().unsaved().count());
    journal.saved(written -> written.add(5, BLOCKS));
    journal.noteSaved();
    assertEquals(4, restarted().unsaved().count());
    assertEquals(5, restarted().unsaved().next(0));
  }

  @Test
  void aBlockThatWasWrittenAgainIsNotSaved() throws Exception {
    CacheJournal journal = restarted();
    journal.begin(origin, new BlockSet(BLOCKS));
    journal.unsaved(runs(3, 9));
    journal.saved(written -> written.add(4, 5));
    journal.noteSaved();
    assertEquals(1, restarted().unsaved().count());
    assertTrue(restarted().unsaved().contains(4));
  }

  @Test
  void whatIsKnownIsNotWrittenAgain() throws Exception {
    CacheJournal journal = restarted();
    journal.begin(origin, new BlockSet(BLOCKS));
    assertTrue(journal.unsaved(runs(3, 9)));
    int entries = log.entries().size();
    assertFalse(journal.unsaved(runs(4, 6)));
    assertEquals(entries, log.entries().size());
    journal.saved(written -> {});
    journal.noteSaved();
    journal.unsaved(runs(4, 6));
    assertEquals(2, restarted().unsaved().count());
  }

  @Test
  void whatIsSavedAndWrittenAgainBeforeThatIsNotedCostsNoEntryAndStaysUnsaved() throws Exception {
    CacheJournal journal = restarted();
    journal.begin(origin, new BlockSet(BLOCKS));
    journal.unsaved(runs(3, 9));
    int entries = log.entries().size();
    journal.saved(written -> {});
    assertEquals(6, restarted().unsaved().count());
    journal.unsaved(runs(4, 6));
    assertEquals(entries, log.entries().size());
    journal.noteSaved();
    assertEquals(2, restarted().unsaved().count());
    assertEquals(4, restarted().unsaved().next(0));
  }

  @Test
  void nothingSavedIsNothingToNote() throws Exception {
    CacheJournal journal = restarted();
    journal.begin(origin, new BlockSet(BLOCKS));
    int entries = log.entries().size();
    journal.noteSaved();
    assertEquals(entries, log.entries().size());
  }

  @Test
  void aCrashWhileItIsBegunAnewLosesNothing() throws Exception {
    CacheJournal journal = restarted();
    journal.begin(origin, new BlockSet(BLOCKS));
    journal.unsaved(runs(3, 9));
    restarted().begin(origin, restarted().unsaved());
    // A crash right behind the first entry.
    MemoryLog cut = new MemoryLog();
    cut.append(log.entries().getFirst());
    assertEquals(6, new CacheJournal(cut).unsaved().count());
  }

  @Test
  void anEndWithUnsavedBlocksKeepsExactlyThose() throws Exception {
    CacheJournal journal = restarted();
    journal.begin(origin, new BlockSet(BLOCKS));
    journal.unsaved(runs(3, 9));
    journal.left(set(4, 5));
    assertEquals(1, restarted().unsaved().count());
    assertTrue(restarted().unsaved().contains(4));
  }

  @Test
  void whatIsHereCountsOnlyAfterAnOrderlyEnd() throws Exception {
    CacheJournal journal = restarted();
    journal.begin(origin, new BlockSet(BLOCKS));
    assertNull(restarted().whole());
    journal.ended(set(0, 50));
    assertEquals(50, Objects.requireNonNull(restarted().whole()).count());
    restarted().begin(origin, new BlockSet(BLOCKS));
    assertNull(restarted().whole());
  }

  @Test
  void aUseThatWasBrokenOffHasNotEnded() throws Exception {
    CacheJournal journal = restarted();
    assertFalse(journal.isEnded());
    journal.begin(origin, new BlockSet(BLOCKS));
    assertFalse(restarted().isEnded());
    journal.ended(set(0, 0));
    assertTrue(restarted().isEnded());
    journal.left(set(4, 5));
    assertFalse(restarted().isEnded());
  }

  @Test
  void aDamagedOneIsRefused() throws Exception {
    log.append(new byte[] {1, 2, 3});
    assertThrows(IOException.class, this::restarted);
  }

  @Test
  void oneWithoutABeginningIsRefused() throws Exception {
    CacheJournal journal = restarted();
    journal.begin(origin, new BlockSet(BLOCKS));
    journal.unsaved(runs(3, 9));
    MemoryLog cut = new MemoryLog();
    cut.append(log.entries().getLast());
    assertThrows(IOException.class, () -> new CacheJournal(cut));
  }

  @Test
  void aRestartAtAnyTimeFindsTheUnsavedBlocks() {
    Seeds.each(
        300,
        random -> {
          MemoryLog journaled = new MemoryLog();
          BitSet model = new BitSet();
          BitSet notNoted = new BitSet();
          try {
            CacheJournal journal = new CacheJournal(journaled);
            journal.begin(origin, new BlockSet(BLOCKS));
            for (int i = 0; i < 30; i++) {
              int from = random.nextInt(BLOCKS);
              int to = from + 1 + random.nextInt(BLOCKS - from);
              switch (random.nextInt(3)) {
                case 0 -> {
                  journal.unsaved(runs(from, to));
                  model.set(from, to);
                  notNoted.clear(from, to);
                }
                case 1 -> {
                  journal.saved(written -> written.add(from, to));
                  BitSet saved = (BitSet) model.clone();
                  saved.clear(from, to);
                  notNoted.or(saved);
                }
                default -> {
                  journal.noteSaved();
                  model.andNot(notNoted);
                  notNoted.clear();
                }
              }
              BlockSet found = new CacheJournal(journaled).unsaved();
              assertEquals(model.cardinality(), journal.noted());
              for (int block = 0; block < BLOCKS; block++) {
                assertEquals(model.get(block), found.contains(block));
              }
              assertFalse(found.size() != BLOCKS);
            }
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }
}
