package dev.godwit.chunk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.godwit.backend.Backend;
import dev.godwit.backend.Backend.Holes;
import dev.godwit.backend.ForwardingBackend;
import dev.godwit.backend.MemoryBackend;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class DatedBackendTest {
  private static final ChunkGeometry GEOMETRY = ChunkGeometry.of(10 * 4096 + 100);

  private final ChangeTimes times = new ChangeTimes(GEOMETRY);

  private Backend dated(Backend below) {
    return new DatedBackend(below, GEOMETRY, times);
  }

  private Backend dated() throws IOException {
    return dated(new MemoryBackend(GEOMETRY.size()));
  }

  /** The blocks that have changed until now. */
  private List<Integer> changed() {
    BlockRuns runs = new BlockRuns();
    int _ = times.changedSince(0, 0, GEOMETRY.blocks(), runs);
    List<Integer> blocks = new ArrayList<>();
    for (int i = 0; i < runs.size(); i++) {
      for (int block = runs.from(i); block < runs.to(i); block++) {
        blocks.add(block);
      }
    }
    return blocks;
  }

  @Test
  void aWriteDatesTheBlocksThatItTouches() throws IOException {
    dated().write(ByteBuffer.allocate(4098), 3 * 4096 - 1);
    assertEquals(List.of(2, 3, 4), changed());
  }

  @Test
  void zeroesDateTheBlocksThatTheyTouch() throws IOException {
    dated().zero(4096, 4096, Holes.ALLOWED);
    assertEquals(List.of(1), changed());
  }

  @Test
  void aTrimDatesTheBlocksThatItTouches() throws IOException {
    dated().trim(9 * 4096, 4096 + 100);
    assertEquals(List.of(9, 10), changed());
  }

  @Test
  void aWriteThatFailsMayHaveChangedWhatItTouches() throws IOException {
    Backend failing =
        dated(
            new ForwardingBackend(new MemoryBackend(GEOMETRY.size())) {
              @Override
              public void write(ByteBuffer src, long offset) throws IOException {
                throw new IOException("broken");
              }
            });
    assertThrows(IOException.class, () -> failing.write(ByteBuffer.allocate(1), 0));
    assertEquals(List.of(0), changed());
  }

  @Test
  void whatIsOutsideIsRefusedAndChangesNothing() throws IOException {
    Backend dated = dated();
    assertThrows(IOException.class, () -> dated.write(ByteBuffer.allocate(2), GEOMETRY.size() - 1));
    assertThrows(IOException.class, () -> dated.zero(-1, 1, Holes.ALLOWED));
    assertEquals(List.of(), changed());
  }

  @Test
  void readsAndFlushesDateNothing() throws IOException {
    Backend dated = dated();
    dated.read(ByteBuffer.allocate(4096), 0);
    dated.flush();
    dated.write(ByteBuffer.allocate(0), 4096);
    assertEquals(List.of(), changed());
  }
}
