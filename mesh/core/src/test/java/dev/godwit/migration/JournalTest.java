package dev.godwit.migration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import dev.godwit.chunk.BlockRuns;
import dev.godwit.chunk.ChunkGeometry;
import dev.godwit.identity.NodeId;
import dev.godwit.log.MemoryLog;
import dev.godwit.testing.Seeds;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class JournalTest {
  private static final NodeId ALICE = NodeId.of(new byte[32]);
  private static final ChunkGeometry GEOMETRY = new ChunkGeometry(100 * 512 + 3, 512, 1024);
  private static final Ownership.Pulling PULLING =
      new Ownership.Pulling(id(1), ALICE, "disk", GEOMETRY);

  private final MemoryLog log = new MemoryLog();

  private static MigrationId id(int number) {
    byte[] bytes = new byte[16];
    bytes[0] = (byte) number;
    return new MigrationId(ByteString.copyFrom(bytes));
  }

  private static BlockRuns runs(int... bounds) {
    BlockRuns runs = new BlockRuns();
    for (int i = 0; i < bounds.length; i += 2) {
      runs.add(bounds[i], bounds[i + 1]);
    }
    return runs;
  }

  private static List<Integer> list(BlockRuns runs) {
    List<Integer> bounds = new ArrayList<>();
    for (int i = 0; i < runs.size(); i++) {
      bounds.add(runs.from(i));
      bounds.add(runs.to(i));
    }
    return bounds;
  }

  private Ownership reopened() throws IOException {
    return new Journal(log).ownership();
  }

  private Journal running() throws IOException {
    Journal journal = new Journal(log);
    journal.pulling(PULLING);
    journal.finalizing(id(2), runs(3, 4));
    journal.running(7, runs(3, 4, 10, 20));
    return journal;
  }

  @Test
  void anEmptyLogIsANewResource() throws IOException {
    assertEquals(new Ownership.Unknown(), reopened());
  }

  @Test
  void ownershipSurvivesAndForgetsWhatWasBefore() throws IOException {
    Journal journal = running();
    journal.owned(9);
    assertEquals(journal.ownership(), reopened());
    assertEquals(new Ownership.Owned(9), reopened());
    assertEquals(1, log.entries().size());
  }

  @Test
  void aHandoverSurvivesWithItsDirtyBlocks() throws IOException {
    Journal journal = new Journal(log);
    journal.owned(1);
    journal.handedOver(new Ownership.HandedOver(2, id(1), id(2), ALICE, runs(0, 1, 5, 9)));
    Ownership.HandedOver given = assertInstanceOf(Ownership.HandedOver.class, reopened());
    assertEquals(2, given.generation());
    assertEquals(id(1), given.migration());
    assertEquals(id(2), given.token());
    assertEquals(ALICE, given.leecher());
    assertEquals(List.of(0, 1, 5, 9), list(given.dirty()));
  }

  @Test
  void aReleaseSurvives() throws IOException {
    Journal journal = new Journal(log);
    journal.owned(1);
    journal.handedOver(new Ownership.HandedOver(2, id(1), id(2), ALICE, runs()));
    journal.released(2);
    assertEquals(new Ownership.Released(2), reopened());
  }

  @Test
  void pullingSurvivesAndForgetsWhatWasBefore() throws IOException {
    Journal journal = new Journal(log);
    journal.owned(3);
    journal.pulling(PULLING);
    assertEquals(PULLING, reopened());
    assertEquals(1, log.entries().size());
  }

  @Test
  void aQuestionSurvivesWithItsTokenAndTheMissingBlocks() throws IOException {
    Journal journal = new Journal(log);
    journal.pulling(PULLING);
    journal.finalizing(id(2), runs(3, 4, 100, 101));
    Ownership.Finalizing finalizing = assertInstanceOf(Ownership.Finalizing.class, reopened());
    assertEquals(PULLING, finalizing.pulling());
    assertEquals(id(2), finalizing.token());
    assertEquals(List.of(3, 4, 100, 101), list(finalizing.missing()));
  }

  @Test
  void runningSurvivesWithTheMissingBlocks() throws IOException {
    running();
    Ownership.Running running = assertInstanceOf(Ownership.Running.class, reopened());
    assertEquals(7, running.generation());
    assertEquals(id(2), running.origin().token());
    assertEquals(List.of(3, 4, 10, 20), list(running.missing()));
  }

  @Test
  void blocksThatBecameLocalStayLocalInWhateverOrderTheyWereLogged() throws IOException {
    Journal journal = running();
    journal.becameLocal(runs(15, 16, 3, 4));
    journal.becameLocal(runs(12, 13));
    Ownership.Running running = assertInstanceOf(Ownership.Running.class, reopened());
    assertEquals(List.of(10, 12, 13, 15, 16, 20), list(running.missing()));
  }

  @Test
  void blocksThatBecomeLocalWhenEverythingIsHereAreOfNoInterest() throws IOException {
    Journal journal = running();
    journal.owned(7);
    journal.becameLocal(runs(15, 16));
    assertEquals(new Ownership.Owned(7), reopened());
  }

  @Test
  void decliningSurvives() throws IOException {
    Journal journal = running();
    journal.declined(7);
    Ownership.Declined declined = assertInstanceOf(Ownership.Declined.class, reopened());
    assertEquals(7, declined.generation());
    assertEquals(id(2), declined.origin().token());
    assertEquals("declined", declined.word());
  }

  @Test
  void anEntryOfANewerVersionIsNotGuessedAt() {
    // Field 127, which this version does not know, is 1.
    log.append(new byte[] {(byte) 0xf8, 7, 1});
    assertThrows(IOException.class, () -> new Journal(log));
  }

  @Test
  void entriesThatDoNotFollowFromEachOtherAreRefused() throws IOException {
    running();
    List<byte[]> entries = log.entries();
    MemoryLog other = new MemoryLog();
    other.append(entries.getLast());
    assertThrows(IOException.class, () -> new Journal(other));
  }

  @Test
  void damagedEntriesAreAnErrorAndNothingElse() throws IOException {
    running().becameLocal(runs(3, 4));
    List<byte[]> good = log.entries();
    Seeds.each(
        10_000,
        random -> {
          MemoryLog damaged = new MemoryLog();
          for (byte[] entry : good) {
            byte[] bytes = entry.clone();
            if (random.nextInt(3) == 0) {
              for (int i = random.nextInt(3); i >= 0; i--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
              }
            }
            damaged.append(bytes);
          }
          try {
            if (new Journal(damaged).ownership() instanceof Ownership.Running running) {
              int blocks = running.origin().pulling().geometry().blocks();
              assertTrue(running.missing().highest() <= blocks, "blocks outside the resource");
            }
          } catch (IOException e) {
            assertTrue(String.valueOf(e.getMessage()).contains("journal"), e::toString);
          }
        });
  }
}
