package dev.godwit.migration;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.godwit.backend.Contents;
import dev.godwit.backend.MemoryBackend;
import dev.godwit.log.MemoryLog;
import dev.godwit.log.StableLog;
import dev.godwit.log.UndecidedLogException;
import dev.godwit.session.Session;
import dev.godwit.testing.Seeds;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A seeder that cannot tell whether its journal says that the state is handed over: the entry
 * failed, and could not be taken back.
 */
@Timeout(60)
final class UndecidedHandoverTest {
  private static final int SIZE = 1 << 20;

  /** Fails once, and does not say whether the entry is there. */
  private static final class DoubtfulLog implements StableLog {
    private final MemoryLog log = new MemoryLog();
    private final boolean keeps;
    private final AtomicBoolean failed = new AtomicBoolean();

    DoubtfulLog(boolean keeps) {
      this.keeps = keeps;
    }

    @Override
    public List<byte[]> entries() {
      return log.entries();
    }

    /** The hand-over is the first that is appended. */
    @Override
    public void append(byte[] entry) throws IOException {
      boolean doubtful = failed.compareAndSet(false, true);
      if (!doubtful || keeps) {
        log.append(entry);
      }
      if (doubtful) {
        throw new UndecidedLogException(Path.of("journal"), new IOException("no answer"));
      }
    }

    @Override
    public void replace(byte[] entry) {
      log.replace(entry);
    }

    @Override
    public void close() {}
  }

  private static LeecherState leech(MigrationFixture fixture) throws Exception {
    try (Session session = fixture.session()) {
      session.start();
      return fixture.leecher(session, ProgramHook.NONE, MigrationFixture.settings()).run();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void nobodyHasTheStateUntilTheJournalIsReadAgain(boolean kept) throws Exception {
    AtomicBoolean runs = new AtomicBoolean(true);
    ProgramHook program =
        new ProgramHook() {
          @Override
          public void suspend() {
            runs.set(false);
          }

          @Override
          public void resume() {
            runs.set(true);
          }
        };
    try (var fixture =
        new MigrationFixture(
            new MemoryBackend(SIZE),
            new MemoryBackend(SIZE),
            new DoubtfulLog(kept),
            new MemoryLog(),
            program,
            Duration.ofMinutes(1))) {
      fixture.seeder.device().write(ByteBuffer.wrap(Seeds.bytes(new Random(9), SIZE)), 0);

      LeecherState first = leech(fixture);
      assertFalse(first instanceof LeecherState.Complete, first::toString);
      assertInstanceOf(SeederState.Undecided.class, fixture.seeder.state());
      assertFalse(runs.get(), "the program runs here although it may have been handed over");
      assertThrows(
          IOException.class, () -> fixture.seeder.device().write(ByteBuffer.allocate(1), 0));
      assertFalse(new Journal(fixture.leecherLog).ownership() instanceof Ownership.Running);

      fixture.restartSeeder();
      if (kept) {
        assertInstanceOf(SeederState.HandedOver.class, fixture.seeder.state());
      } else {
        assertInstanceOf(SeederState.Idle.class, fixture.seeder.state());
      }
      assertInstanceOf(LeecherState.Complete.class, leech(fixture));
      assertArrayEquals(Contents.of(fixture.source), Contents.of(fixture.target));
      assertEquals(SeederState.Released.class, fixture.seeder.state().getClass());
    }
  }
}
