package dev.godwit.chunk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.testing.Seeds;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Sets, runs and geometry against the simplest thing that does the same. */
final class BlocksModelTest {

  @Test
  void aBlockSetIsLikeABitSet() {
    Seeds.each(
        20_000,
        random -> {
          int size = random.nextInt(300);
          BlockSet set = new BlockSet(size);
          BitSet model = new BitSet();
          for (int i = 0; i < 20; i++) {
            int from = random.nextInt(size + 1);
            int to = from + random.nextInt(size - from + 1);
            if (random.nextInt(3) == 0) {
              set.remove(from, to);
              model.clear(from, to);
            } else {
              set.add(from, to);
              model.set(from, to);
            }
            compare(model, set, random);
          }
        });
  }

  @Test
  void aLargeBlockSetIsLikeABitSetToo() {
    int page = 32_768;
    Seeds.each(
        500,
        random -> {
          int size = page * (1 + random.nextInt(4)) + random.nextInt(200) - 100;
          BlockSet set = new BlockSet(size);
          BitSet model = new BitSet();
          for (int i = 0; i < 20; i++) {
            int from = Math.clamp(near(page, random), 0, size);
            int to = Math.clamp(near(page, random), from, size);
            if (random.nextInt(3) == 0) {
              set.remove(from, to);
              model.clear(from, to);
            } else {
              set.add(from, to);
              model.set(from, to);
            }
            compare(model, set, random);
          }
        });
  }

  private static int near(int page, Random random) {
    return page * random.nextInt(6) + random.nextInt(130) - 65;
  }

  @Test
  void theLargestBlockSetTakesMemoryOnlyWhereItHasMembers() {
    int size = Integer.MAX_VALUE - 64;
    BlockSet set = new BlockSet(size);
    set.add(size - 1, size);
    set.remove(0, size - 1);
    assertEquals(size - 1, set.next(0));
    assertEquals(size, set.nextAbsent(size - 1));
    set.remove(0, size);
    assertTrue(set.isEmpty());
  }

  private static void compare(BitSet model, BlockSet set, Random random) {
    int size = set.size();
    int at = random.nextInt(size + 1);
    int to = at + random.nextInt(size - at + 1);
    assertEquals(model.cardinality(), set.count());
    assertEquals(model.isEmpty(), set.isEmpty());
    assertEquals(model.nextSetBit(at), set.next(at));
    assertEquals(Math.min(size, model.nextClearBit(at)), set.nextAbsent(at));
    assertEquals(!model.get(at, to).isEmpty(), set.intersects(at, to));
    int next = model.nextSetBit(at);
    assertEquals(next < to ? next : -1, set.next(at, to));
    assertEquals(Math.min(to, model.nextClearBit(at)), set.nextAbsent(at, to));
    if (at < size) {
      assertEquals(model.get(at), set.contains(at));
    }
    BitSet runs = new BitSet();
    int[] end = {-1};
    set.forEachRun(
        (from, upTo) -> {
          assertTrue(from > end[0] && upTo > from, "runs must be maximal and ascend");
          end[0] = upTo;
          runs.set(from, upTo);
        });
    assertEquals(model, runs);
  }

  @Test
  void runsComeBackFromTheirBytesWhateverThePageSize() {
    Seeds.each(
        20_000,
        random -> {
          int blocks = 1 + random.nextInt(random.nextBoolean() ? 300 : Integer.MAX_VALUE - 1);
          BlockRuns runs = new BlockRuns();
          long at = 0;
          for (int i = random.nextInt(12); i > 0 && at + 2 < blocks; i--) {
            int from = (int) (at + 1 + random.nextInt((int) Math.max(1, (blocks - at) / 4)));
            int to = from + 1 + random.nextInt((int) Math.max(1, (blocks - (long) from) / 4));
            if (to > blocks || to <= from) {
              break;
            }
            runs.add(from, to);
            at = to;
          }
          BlockRuns back = new BlockRuns();
          int index = 0;
          while (index < runs.size()) {
            int room = BlockRuns.MAX_RUN_BYTES * (1 + random.nextInt(3));
            ByteBuffer page = ByteBuffer.allocate(room);
            int next = runs.encode(page, index);
            assertTrue(next > index);
            back.decode(page.flip(), blocks);
            index = next;
          }
          assertSame(runs, back);
        });
  }

  private static void assertSame(BlockRuns expected, BlockRuns actual) {
    assertEquals(expected.size(), actual.size());
    for (int i = 0; i < expected.size(); i++) {
      assertEquals(expected.from(i), actual.from(i));
      assertEquals(expected.to(i), actual.to(i));
    }
    assertEquals(expected.blocks(), actual.blocks());
    assertEquals(expected.highest(), actual.highest());
  }

  @Test
  void hostileBytesYieldRunsInsideTheResourceOrAreRefused() {
    Seeds.each(
        20_000,
        random -> {
          byte[] bytes = Seeds.bytes(random, random.nextInt(40));
          if (random.nextBoolean()) {
            // Mostly small numbers, which get further.
            for (int i = 0; i < bytes.length; i++) {
              bytes[i] &= random.nextInt(8) == 0 ? (byte) 0xff : 0x1f;
            }
          }
          int blocks = random.nextInt(400);
          BlockRuns runs = new BlockRuns();
          try {
            runs.decode(ByteBuffer.wrap(bytes), blocks);
          } catch (IllegalArgumentException e) {
            assertTrue(String.valueOf(e.getMessage()).contains(" "), e::toString);
          }
          int end = 0;
          for (int i = 0; i < runs.size(); i++) {
            assertTrue(runs.from(i) >= end && runs.to(i) > runs.from(i) && runs.to(i) <= blocks);
            end = runs.to(i);
          }
        });
  }

  @Test
  void runsOutOfOrderAreNotEncoded() {
    BlockRuns runs = new BlockRuns();
    runs.add(5, 6);
    runs.add(1, 2);
    assertThrows(IllegalStateException.class, () -> runs.encode(ByteBuffer.allocate(100), 0));
  }

  @Test
  void blocksAndChunksCoverTheResourceExactlyOnce() {
    Seeds.each(
        20_000,
        random -> {
          int block = 512 << random.nextInt(8);
          int chunk = Math.min(4 << 20, block << random.nextInt(7));
          long size = random.nextInt(4) == 0 ? random.nextInt(3 * block) : large(random, block);
          var geometry = new ChunkGeometry(size, block, chunk);
          int blocks = geometry.blocks();
          assertEquals(size, geometry.bytes(0, blocks));
          assertEquals(
              geometry.chunks(),
              blocks == 0
                  ? 0
                  : (long) geometry.chunkStart(blocks - 1) / geometry.blocksPerChunk() + 1);
          assertEquals(blocks, geometry.wholeBlocksBelow(size));
          if (size == 0) {
            return;
          }
          long offset = (long) (random.nextDouble() * size);
          int at = geometry.blockAt(offset);
          assertTrue(at >= 0 && at < blocks);
          assertTrue(geometry.blockOffset(at) <= offset);
          assertTrue(geometry.blockOffset(at) + geometry.bytes(at, at + 1) > offset);
          assertTrue(geometry.bytes(at, at + 1) > 0 && geometry.bytes(at, at + 1) <= block);
          assertTrue(geometry.blockOffset(geometry.blockFrom(offset)) >= offset);
          assertTrue(geometry.blockFrom(offset) - at <= 1);
          assertTrue(geometry.wholeBlocksBelow(offset) == at);
          assertTrue(geometry.chunkStart(at) <= at && geometry.chunkEnd(at) > at);
          assertEquals(0, geometry.blockOffset(geometry.chunkStart(at)) % chunk);
        });
  }

  private static long large(Random random, int block) {
    return 1 + (random.nextLong() >>> 12) % ((long) block * (Integer.MAX_VALUE - 100));
  }

  @Test
  void theDefaultGeometryFitsEverySizeThereCanBe() {
    for (long size = 1; size <= 1L << 45; size = size * 3 + 1) {
      assertTrue(ChunkGeometry.of(size).blocks() > 0);
    }
    assertThrows(IllegalArgumentException.class, () -> new ChunkGeometry(-1, 4096, 4096));
    assertThrows(IllegalArgumentException.class, () -> new ChunkGeometry(1L << 53, 65536, 65536));
    assertThrows(IllegalArgumentException.class, () -> new ChunkGeometry(1, 0, 4096));
    assertThrows(IllegalArgumentException.class, () -> new ChunkGeometry(1, -4096, 4096));
    assertThrows(IllegalArgumentException.class, () -> new ChunkGeometry(1, 4096, 2048));
    assertThrows(IllegalArgumentException.class, () -> new ChunkGeometry(1, 4096, 8 << 20));
    assertThrows(IllegalArgumentException.class, () -> new ChunkGeometry(1, 5000, 8192));
  }
}
