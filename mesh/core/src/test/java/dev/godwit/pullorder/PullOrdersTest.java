package dev.godwit.pullorder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.chunk.BlockRuns;
import dev.godwit.chunk.BlockSet;
import dev.godwit.chunk.BlockSource;
import dev.godwit.chunk.ChunkGeometry;
import dev.godwit.chunk.PullOrder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
final class PullOrdersTest {
  private static final int BLOCK = 4096;
  private static final int BLOCKS = 100;

  /** A movie whose description is in block 90, and what is known of it. */
  private record Movie(Optional<AccessProfile> recorded, Optional<AccessProfile> hot)
      implements PulledResource {
    @Override
    public String identity() {
      return "movie";
    }

    @Override
    public ChunkGeometry geometry() {
      return new ChunkGeometry(BLOCKS * BLOCK, BLOCK, BLOCK);
    }

    @Override
    public BlockSource source() {
      ByteBuffer bytes = ByteBuffer.allocate(BLOCKS * BLOCK);
      box(bytes, 0, "free", 90 * BLOCK);
      box(bytes, 90 * BLOCK, "moov", BLOCK);
      return (dst, offset) -> dst.put(bytes.slice((int) offset, dst.remaining()));
    }

    private static void box(ByteBuffer bytes, int at, String type, int length) {
      bytes.putInt(at, length).put(at + 4, type.getBytes(StandardCharsets.US_ASCII));
    }
  }

  private static AccessProfile profile(String identity, int block) {
    BlockRuns runs = new BlockRuns();
    runs.add(block, block + 1);
    return new AccessProfile(identity, BLOCKS * BLOCK, BLOCK, runs);
  }

  private static int first(String order, Movie movie) throws IOException {
    BlockSet wanted = new BlockSet(BLOCKS);
    // The first block is important to all that look at the content.
    wanted.add(1, BLOCKS);
    return PullOrders.standard().named(order).create(movie).next(wanted);
  }

  @ParameterizedTest
  @CsvSource({"linear, 1", "content, 90", "profile, 30", "hot, 40", "ranges:200K-204K, 50"})
  void everyNameGivesItsOrder(String name, int block) throws IOException {
    Movie movie = new Movie(Optional.of(profile("movie", 30)), Optional.of(profile("movie", 40)));
    assertEquals(block, first(name, movie));
  }

  @ParameterizedTest
  @ValueSource(strings = {"profile", "hot"})
  void withoutAProfileTheContentDecides(String name) throws IOException {
    assertEquals(90, first(name, new Movie(Optional.empty(), Optional.empty())));
  }

  @ParameterizedTest
  @ValueSource(strings = {"profile", "hot"})
  void aProfileOfAnotherResourceIsNotUsed(String name) throws IOException {
    Movie movie = new Movie(Optional.of(profile("other", 30)), Optional.of(profile("other", 40)));
    assertEquals(90, first(name, movie));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0-1M | 0 | 1048576",
        "10M+4K | 10485760 | 4096",
        "5-5 | 5 | 0",
        "1G-2T | 1073741824 | 2197949513728",
        "0+8388607T | 0 | 9223370937343148032",
      })
  void rangesAreReadAsPeopleWriteThem(String text, long offset, long length) {
    assertEquals(List.of(new ByteRange(offset, length)), RangeText.parse(text));
  }

  @Test
  void severalRangesKeepTheirOrder() {
    assertEquals(
        List.of(new ByteRange(10, 5), new ByteRange(0, 1024), new ByteRange(3, 4)),
        RangeText.parse("10+5, 0-1K,3-7"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "lineal | 'lineal' is no pull order; there are linear, content, profile, hot,"
            + " ranges:0-1M,10M+4K",
        "linear:5 | the pull order 'linear' takes nothing behind its name",
        "ranges | the pull order 'ranges' needs more; write ranges:0-1M,10M+4K",
        "ranges: | '' is no range; write FROM-TO or OFFSET+LENGTH, such as 0-1M or 10M+4K",
        "ranges:0-1M, | '' is no range; write FROM-TO or OFFSET+LENGTH, such as 0-1M or 10M+4K",
        "ranges:5 | '5' is no range; write FROM-TO or OFFSET+LENGTH, such as 0-1M or 10M+4K",
        "ranges:-1+5 | '-1+5' is no range; write FROM-TO or OFFSET+LENGTH, such as 0-1M or 10M+4K",
        "ranges:5-4 | the range '5-4' ends before it begins",
        "ranges:0-99999999999999999999 | the number 99999999999999999999 is too large",
        "ranges:8388608T+1 | the number 8388608T is too large",
        "ranges:8388607T+8388607T | the range '8388607T+8388607T' is too large",
      })
  void whatCannotBeUnderstoodIsExplained(String text, String message) {
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> PullOrders.standard().named(text));
    assertEquals(message, refused.getMessage());
  }

  @Test
  void othersCanAddTheirOwn() throws IOException {
    PullOrder own = PullOrder.linear();
    PullOrders orders =
        PullOrders.standard()
            .with("own", _ -> own)
            .withArgument(
                "other", "N", argument -> _ -> Integer.parseInt(argument) > 5 ? own : _ -> -1);
    Movie movie = new Movie(Optional.empty(), Optional.empty());
    assertSame(own, orders.named("own").create(movie));
    assertSame(own, orders.named("other:6").create(movie));
    assertTrue(orders.usages().containsAll(List.of("linear", "own", "other:N")));
    assertThrows(IllegalArgumentException.class, () -> orders.with("a:b", _ -> own));
    assertThrows(IllegalArgumentException.class, () -> orders.with("", _ -> own));
  }
}
