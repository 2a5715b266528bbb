package dev.godwit.pullorder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.chunk.BlockSet;
import dev.godwit.chunk.ChunkGeometry;
import dev.godwit.testing.Seeds;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class PriorityRangesTest {
  private static final ChunkGeometry TEN = new ChunkGeometry(10 * 512, 512, 512);

  private static BlockSet all(ChunkGeometry geometry) {
    BlockSet wanted = new BlockSet(geometry.blocks());
    wanted.add(0, geometry.blocks());
    return wanted;
  }

  /** Pulls one block after the other. */
  private static List<Integer> pull(PriorityRanges order, BlockSet wanted) {
    List<Integer> pulled = new ArrayList<>();
    for (int block = order.next(wanted); block >= 0; block = order.next(wanted)) {
      assertTrue(wanted.contains(block));
      wanted.remove(block, block + 1);
      pulled.add(block);
    }
    return pulled;
  }

  private static List<Integer> pull(ByteRange... ranges) {
    return pull(new PriorityRanges(TEN, List.of(ranges)), all(TEN));
  }

  @Test
  void rangesComeFirstInTheirOrderThenTheRest() {
    assertEquals(
        List.of(7, 8, 2, 0, 1, 3, 4, 5, 6, 9),
        pull(new ByteRange(7 * 512, 2 * 512), new ByteRange(2 * 512, 512)));
  }

  @Test
  void withoutRangesTheOrderIsLinear() {
    assertEquals(List.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9), pull());
  }

  @Test
  void aRangeTakesTheBlocksThatItTouches() {
    assertEquals(List.of(4, 5, 0, 1, 2, 3, 6, 7, 8, 9), pull(new ByteRange(5 * 512 - 1, 2)));
  }

  @Test
  void emptyRangesAndRangesBeyondTheEndAreIgnored() {
    assertEquals(
        List.of(9, 0, 1, 2, 3, 4, 5, 6, 7, 8),
        pull(
            new ByteRange(3 * 512, 0),
            new ByteRange(10 * 512, 512),
            new ByteRange(9 * 512, 100 * 512),
            new ByteRange(Long.MAX_VALUE, 0),
            new ByteRange(1L << 40, Long.MAX_VALUE - (1L << 40))));
  }

  @Test
  void aResourceWithoutBytesHasNoBlocks() {
    ChunkGeometry none = new ChunkGeometry(0, 512, 512);
    PriorityRanges order = new PriorityRanges(none, List.of(new ByteRange(0, 1)));
    assertEquals(-1, order.next(new BlockSet(0)));
  }

  @Test
  void anotherSetStartsAnew() {
    PriorityRanges order = new PriorityRanges(TEN, List.of(new ByteRange(5 * 512, 512)));
    BlockSet first = all(TEN);
    assertEquals(5, order.next(first));
    first.remove(5, 6);
    assertEquals(0, order.next(first));
    assertEquals(5, order.next(all(TEN)));
  }

  @Test
  void whatIsAddedBehindThePlaceIsFoundInTheEnd() {
    PriorityRanges order = new PriorityRanges(TEN, List.of(new ByteRange(5 * 512, 512)));
    BlockSet wanted = all(TEN);
    wanted.remove(0, 9);
    assertEquals(9, order.next(wanted));
    wanted.remove(9, 10);
    wanted.add(1, 2);
    wanted.add(5, 6);
    assertEquals(List.of(5, 1), pull(order, wanted));
  }

  @Test
  void asksForNothingTwiceWhenTheCallerTakesWholeRuns() {
    PriorityRanges order = new PriorityRanges(TEN, List.of(new ByteRange(4 * 512, 512)));
    BlockSet wanted = all(TEN);
    assertEquals(4, order.next(wanted));
    wanted.remove(4, 8);
    assertEquals(List.of(0, 1, 2, 3, 8, 9), pull(order, wanted));
  }

  @Test
  void anyRangesOverAnySetGiveTheOrderOfASimpleList() {
    Seeds.each(
        10_000,
        random -> {
          ChunkGeometry geometry = new ChunkGeometry(random.nextInt(100 * 512), 512, 1024);
          List<ByteRange> ranges = ranges(random);
          Set<Integer> model = model(geometry, ranges);
          BlockSet wanted = all(geometry);
          PriorityRanges order = new PriorityRanges(geometry, ranges);
          assertEquals(touched(geometry, ranges).size(), order.priorityBlocks());
          for (int pass = 0; pass < 2; pass++) {
            while (!model.isEmpty()) {
              int block = order.next(wanted);
              assertEquals(model.iterator().next(), block);
              int end = Math.min(geometry.blocks(), block + 1 + random.nextInt(4));
              wanted.remove(block, end);
              for (int i = block; i < end; i++) {
                model.remove(i);
              }
              if (random.nextInt(8) == 0 && geometry.blocks() > 0) {
                int gone = random.nextInt(geometry.blocks());
                wanted.remove(gone, gone + 1);
                model.remove(gone);
              }
            }
            assertEquals(-1, order.next(wanted));
            wanted = new BlockSet(geometry.blocks());
            for (int block : model(geometry, ranges)) {
              if (random.nextBoolean()) {
                wanted.add(block, block + 1);
                model.add(block);
              }
            }
          }
        });
  }

  private static List<ByteRange> ranges(Random random) {
    List<ByteRange> ranges = new ArrayList<>();
    for (int i = random.nextInt(12); i > 0; i--) {
      int most = random.nextBoolean() ? 2000 : 120 * 512;
      ranges.add(new ByteRange(random.nextInt(120 * 512), random.nextInt(most)));
    }
    return ranges;
  }

  /** The blocks that ranges touch, in the order in which they do. */
  private static Set<Integer> touched(ChunkGeometry geometry, List<ByteRange> ranges) {
    Set<Integer> order = new LinkedHashSet<>();
    for (ByteRange range : ranges) {
      long end = Math.min(range.end(), geometry.size());
      for (long at = range.offset(); at < end; at = (at / 512 + 1) * 512) {
        order.add((int) (at / 512));
      }
    }
    return order;
  }

  /** All blocks in the order that is wanted. */
  private static Set<Integer> model(ChunkGeometry geometry, List<ByteRange> ranges) {
    Set<Integer> order = touched(geometry, ranges);
    for (int block = 0; block < geometry.blocks(); block++) {
      order.add(block);
    }
    return order;
  }

  @Test
  void manyLargeRangesOverOneAnotherTakeNoTimeEach() {
    ChunkGeometry geometry = ChunkGeometry.of(1L << 40);
    List<ByteRange> ranges = new ArrayList<>();
    ranges.add(new ByteRange(0, 1L << 40));
    for (int i = 0; i < 100_000; i++) {
      ranges.add(new ByteRange(i * 4096L, 1L << 39));
    }
    PriorityRanges order = new PriorityRanges(geometry, ranges);
    assertEquals(geometry.blocks(), order.priorityBlocks());
    assertEquals(0, order.next(all(geometry)));
  }
}
