package dev.godwit.pull;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.godwit.session.Lane;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What is asked for in one request. */
class RangeReadTest {
  private final RangeRead read =
      new RangeRead(Lane.BULK) {
        @Override
        protected void received(@Nullable ByteBuffer content) {}

        @Override
        protected void failed(IOException cause) {}
      };

  @Test
  void rangesThatTouchBecomeOne() {
    read.add(100, 50);
    read.add(150, 25);
    read.add(200, 1);
    assertEquals(2, read.ranges());
    assertEquals(100, read.offset(0));
    assertEquals(75, read.length(0));
    assertEquals(76, read.bytes());
  }

  @Test
  void oneThatIsMadeForOneRangeTakesNoMore() {
    RangeRead one =
        new RangeRead(Lane.DEMAND, 1) {
          @Override
          protected void received(@Nullable ByteBuffer content) {}

          @Override
          protected void failed(IOException cause) {}
        };
    one.add(0, 10);
    one.add(10, 10);
    assertEquals(1, one.ranges());
    assertThrows(IllegalArgumentException.class, () -> one.add(100, 10));
  }

  @Test
  void afterClearItAsksForNothing() {
    read.add(0, 10);
    read.clear();
    read.add(10, 10);
    assertEquals(1, read.ranges());
    assertEquals(10, read.offset(0));
  }
}
