package dev.godwit.mount;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.chunk.BlockSet;
import dev.godwit.chunk.PullOrder;
import org.junit.jupiter.api.Test;

class FollowingOrderTest {
  private static final int BLOCKS = 100_000;

  private final FollowingOrder order = new FollowingOrder(PullOrder.linear());
  private final BlockSet wanted = new BlockSet(BLOCKS);

  FollowingOrderTest() {
    wanted.add(0, BLOCKS);
  }

  private int pull() {
    int block = order.next(wanted);
    if (block >= 0) {
      wanted.remove(block, block + 1);
    }
    return block;
  }

  @Test
  void withoutAReaderItIsTheOtherOne() {
    assertEquals(0, pull());
    assertEquals(1, pull());
  }

  @Test
  void oneReadIsNotFollowed() {
    order.read(500, 516, 516);
    assertEquals(0, pull());
  }

  @Test
  void whatFollowsAReadInItsChunkComesNext() {
    order.read(500, 501, 504);
    assertEquals(501, pull());
    assertEquals(502, pull());
    assertEquals(503, pull());
    assertEquals(0, pull());
  }

  @Test
  void twoReadsInARowAre() {
    order.read(500, 516, 516);
    order.read(516, 532, 532);
    assertEquals(532, pull());
    assertEquals(533, pull());
  }

  @Test
  void howFarIsBoundedAndGrows() {
    order.read(500, 516, 516);
    order.read(516, 532, 532);
    int ahead = 0;
    while (pull() >= 532) {
      ahead++;
    }
    assertEquals(32, ahead);
    order.read(532, 548, 548);
    int further = 0;
    while (pull() >= 532) {
      further++;
    }
    assertTrue(further > 32, () -> "pulled on only a little");
  }

  @Test
  void aReadMayBeginInTheBlockInWhichTheOneBeforeEnded() {
    order.read(500, 501, 501);
    order.read(500, 502, 502);
    assertEquals(502, pull());
  }

  @Test
  void otherReadsInBetweenDoNoHarm() {
    order.read(500, 516, 516);
    for (int i = 0; i < 5; i++) {
      order.read(10_000 * (i + 1), 10_000 * (i + 1) + 1, 10_000 * (i + 1) + 1);
    }
    order.read(516, 532, 532);
    assertEquals(532, pull());
  }

  @Test
  void readsAllOverThePlaceAreNotFollowed() {
    for (int i = 0; i < 1000; i++) {
      int at = (i * 7919) % (BLOCKS - 10);
      order.read(at, at + 1, at + 1);
    }
    assertEquals(0, pull());
  }

  @Test
  void manyReadsThatNobodyWaitsForWakeOnce() throws Exception {
    for (int at = 500; at < 1000; at++) {
      order.read(at, at + 1, at + 4);
    }
    assertEquals(1, order.wakes());
    order.awaitReader();
    assertEquals(0, order.wakes());
  }

  @Test
  void atTheEndThereIsNothingAhead() {
    order.read(BLOCKS - 3, BLOCKS - 2, BLOCKS - 2);
    order.read(BLOCKS - 2, BLOCKS, BLOCKS);
    assertEquals(0, pull());
  }
}
