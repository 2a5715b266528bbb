package dev.godwit.migration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.godwit.backend.MemoryBackend;
import dev.godwit.chunk.BlockRuns;
import dev.godwit.chunk.ChunkGeometry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class BlanksTest {
  private static final int SIZE = (200 << 20) + 123;

  private final ChunkGeometry geometry = ChunkGeometry.of(SIZE);

  private static MemoryBackend full() throws IOException {
    byte[] bytes = new byte[SIZE];
    Arrays.fill(bytes, (byte) 1);
    MemoryBackend store = new MemoryBackend(SIZE);
    store.write(ByteBuffer.wrap(bytes), 0);
    return store;
  }

  private byte at(MemoryBackend store, long offset) throws IOException {
    ByteBuffer one = ByteBuffer.allocate(1);
    store.read(one, offset);
    return one.get(0);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void whatIsNoDataIsWiped(long seed) throws Exception {
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    BlockRuns data = new BlockRuns();
    boolean[] kept = new boolean[geometry.blocks()];
    for (int at = random.nextInt(20_000); at < kept.length; ) {
      int to = Math.min(kept.length, at + 1 + random.nextInt(9_000));
      data.add(at, to);
      Arrays.fill(kept, at, to, true);
      at = to + 1 + random.nextInt(20_000);
    }
    MemoryBackend store = full();
    new Blanks(store, geometry, () -> 0, () -> {}).around(data);
    for (int block = 0; block < kept.length; block++) {
      long offset = geometry.blockOffset(block);
      byte wanted = (byte) (kept[block] ? 1 : 0);
      assertEquals(wanted, at(store, offset), "block " + block);
      assertEquals(wanted, at(store, offset + geometry.bytes(block, block + 1) - 1));
    }
  }

  @Test
  void whoWaitsIsToldWhenItTakesLong() throws Exception {
    AtomicLong clock = new AtomicLong();
    AtomicInteger told = new AtomicInteger();
    new Blanks(full(), geometry, () -> clock.getAndAdd(1_500_000_000), told::incrementAndGet)
        .around(new BlockRuns());
    // Four pieces of 64 MiB, every one and a half seconds.
    assertEquals(2, told.get());
  }

  @Test
  void whoWaitsCanEndIt() throws Exception {
    AtomicLong clock = new AtomicLong();
    MemoryBackend store = full();
    Blanks blanks =
        new Blanks(
            store,
            geometry,
            () -> clock.getAndAdd(3_000_000_000L),
            () -> {
              throw new IOException("it is not wanted any more");
            });
    assertThrows(IOException.class, () -> blanks.around(new BlockRuns()));
    assertEquals(1, at(store, SIZE - 1));
  }
}
