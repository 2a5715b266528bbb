package dev.godwit.migration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.godwit.backend.Backend;
import dev.godwit.backend.ForwardingBackend;
import dev.godwit.backend.MemoryBackend;
import dev.godwit.chunk.ChunkGeometry;
import dev.godwit.chunk.FencedException;
import dev.godwit.chunk.LockedBackend;
import dev.godwit.chunk.TrackingBackend;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How a program is brought to a standstill. */
@Timeout(30)
final class StandstillTest {
  private static final int SIZE = 1 << 20;
  private static final int LAST_BLOCK = 7;

  /** What was written and not flushed. */
  private static final class Volatile extends ForwardingBackend {
    private int unflushed;

    Volatile(Backend below) {
      super(below);
    }

    @Override
    public void write(ByteBuffer src, long offset) throws IOException {
      unflushed++;
      super.write(src, offset);
    }

    @Override
    public void flush() throws IOException {
      super.flush();
      unflushed = 0;
    }
  }

  private final ChunkGeometry geometry = ChunkGeometry.of(SIZE);
  private final Volatile store = new Volatile(new MemoryBackend(SIZE));
  private final TrackingBackend tracking = new TrackingBackend(store, geometry);
  private final LockedBackend gate =
      new LockedBackend(tracking, Duration.ZERO, LockedBackend.State.OPEN);

  /** Writes once more when it is asked to stop. */
  private final ProgramHook writesAtTheEnd =
      new ProgramHook() {
        @Override
        public void suspend() throws IOException {
          gate.write(ByteBuffer.allocate(1), (long) LAST_BLOCK * geometry.blockSize());
        }

        @Override
        public void resume() {}
      };

  private Standstill.Reached reached() throws UnfitForHandoverException {
    tracking.start();
    return new Standstill("disk", writesAtTheEnd, store, tracking, gate).reach();
  }

  @Test
  void whatAProgramWroteLastIsFlushedBeforeTheHandOver() throws Exception {
    var _ = reached();
    assertEquals(0, store.unflushed);
  }

  @Test
  void whatAProgramWroteLastIsListed() throws Exception {
    Standstill.Reached reached = reached();
    assertEquals(1, reached.late().size());
    assertEquals(LAST_BLOCK, reached.late().from(0));
  }

  @Test
  void afterwardsNothingIsWrittenAnyMore() throws Exception {
    var _ = reached();
    assertThrows(FencedException.class, () -> gate.write(ByteBuffer.allocate(1), 0));
    assertEquals(0, store.unflushed);
  }
}
