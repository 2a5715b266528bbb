package dev.godwit.pullorder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.testing.Seeds;
import java.io.IOException;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class ProbeTest {
  private static final ByteOrder ORDER = ByteOrder.BIG_ENDIAN;

  @Test
  void readsAnyRangeAsItIsAndNothingTwice() {
    Seeds.each(
        500,
        random -> {
          byte[] bytes = Seeds.bytes(random, 1 + random.nextInt(60_000));
          boolean[] fetched = new boolean[bytes.length];
          Probe probe =
              new Probe(
                  (dst, offset) -> {
                    for (int i = 0; i < dst.remaining(); i++) {
                      assertFalse(fetched[(int) offset + i]);
                      fetched[(int) offset + i] = true;
                    }
                    dst.put(bytes, (int) offset, dst.remaining());
                  },
                  bytes.length);
          for (int i = 0; i < 20; i++) {
            int from = random.nextInt(bytes.length + 1);
            int length = random.nextInt(bytes.length - from + 1);
            Excerpt read = probe.read(from, length, ORDER);
            byte[] copy = new byte[length];
            read.copy(0, copy, 0, length);
            assertArrayEquals(Arrays.copyOfRange(bytes, from, from + length), copy);
            assertTrue(
                Content.bytes(probe.found()).nextClearBit(from) >= from + length || length == 0);
          }
        });
  }

  @Test
  void whatIsReadIsImportantInWholePages() throws IOException {
    Probe probe = Content.probe(new byte[10_000]);
    probe.read(9000, 1, ORDER);
    probe.read(100, 10, ORDER);
    assertEquals(List.of(new ByteRange(8192, 1808), new ByteRange(0, 4096)), probe.found());
  }

  @Test
  void neighboursBecomeOneRange() throws IOException {
    Probe probe = Content.probe(new byte[10_000]);
    probe.important(5, 10);
    probe.important(15, 10);
    probe.important(20, 3);
    probe.important(0, 5);
    assertEquals(List.of(new ByteRange(5, 20), new ByteRange(0, 5)), probe.found());
  }

  @Test
  void whatIsNamedOutsideIsCutOrIgnored() throws IOException {
    Probe probe = Content.probe(new byte[100]);
    probe.important(-1, 10);
    probe.important(100, 1);
    probe.important(Long.MIN_VALUE, Long.MIN_VALUE);
    probe.important(10, -1);
    probe.important(90, Long.MAX_VALUE);
    assertEquals(List.of(new ByteRange(90, 10)), probe.found());
  }

  @Test
  void readingOutsideIsTheContentsFault() {
    Probe probe = Content.probe(new byte[100]);
    assertThrows(MalformedContentException.class, () -> probe.read(-1, 1, ORDER));
    assertThrows(MalformedContentException.class, () -> probe.read(100, 1, ORDER));
    assertThrows(MalformedContentException.class, () -> probe.read(0, -1, ORDER));
    assertThrows(MalformedContentException.class, () -> probe.read(Long.MAX_VALUE, 1, ORDER));
    assertThrows(MalformedContentException.class, () -> probe.read(1, 100, ORDER));
    assertEquals(List.of(), probe.found());
  }

  @Test
  void theFirstBytesAreFewerInASmallContent() throws IOException {
    assertEquals(3, Content.probe(new byte[3]).first(100, ORDER).length());
    assertEquals(0, Content.probe(new byte[0]).first(100, ORDER).length());
    assertEquals(100, Content.probe(new byte[5000]).first(100, ORDER).length());
  }

  @Test
  void aPartHasItsOwnOffsetsAndTheSameFindings() throws IOException {
    byte[] bytes = new byte[10_000];
    bytes[5003] = 42;
    Probe probe = Content.probe(bytes);
    Probe part = probe.part(5000, 1_000_000);
    assertEquals(5000, part.size());
    assertEquals(42, part.read(3, 1, ORDER).u8(0));
    part.important(4000, 1_000_000);
    assertEquals(List.of(new ByteRange(4096, 4096), new ByteRange(9000, 1000)), probe.found());
    assertThrows(MalformedContentException.class, () -> part.read(5000, 1, ORDER));
    assertThrows(MalformedContentException.class, () -> probe.part(10_001, 1));
  }

  @Test
  void thereIsALimitForReads() throws IOException {
    Probe probe = new Probe((dst, _) -> dst.position(dst.limit()), 1L << 40);
    for (int i = 0; i < Probe.MAX_READS; i++) {
      probe.read(i * 10_000L, 1, ORDER);
    }
    assertThrows(MalformedContentException.class, () -> probe.read(1L << 39, 1, ORDER));
    assertEquals(0, probe.read(0, 1, ORDER).u8(0));
  }

  @Test
  void thereIsALimitForBytes() throws IOException {
    Probe probe = new Probe((dst, _) -> dst.position(dst.limit()), 1L << 40);
    for (long at = 0; at < Probe.MAX_BYTES; at += Probe.MAX_READ) {
      probe.read(at, Probe.MAX_READ, ORDER);
    }
    assertThrows(MalformedContentException.class, () -> probe.read(Probe.MAX_BYTES, 1, ORDER));
  }

  @Test
  void thereIsALimitForOneRead() {
    Probe probe = new Probe((dst, _) -> dst.position(dst.limit()), 1L << 40);
    assertThrows(MalformedContentException.class, () -> probe.read(0, Probe.MAX_READ + 1, ORDER));
  }

  @Test
  void readingTheSameForEverEnds() {
    Probe probe = Content.probe(new byte[1]);
    assertThrows(
        MalformedContentException.class,
        () -> {
          while (true) {
            probe.read(0, 0, ORDER);
          }
        });
  }

  @Test
  void thereIsALimitForRanges() throws IOException {
    Probe probe = Content.probe(new byte[1 << 20]);
    for (int i = 0; i < FoundRanges.MAX_RANGES; i++) {
      probe.important(i * 2L, 1);
    }
    assertThrows(MalformedContentException.class, () -> probe.important(1 << 19, 1));
    assertEquals(FoundRanges.MAX_RANGES, probe.found().size());
  }

  @Test
  void aFailingSourceIsToldAsItIs() {
    IOException failure = new IOException("unplugged");
    Probe probe =
        new Probe(
            (_, _) -> {
              throw failure;
            },
            100);
    assertEquals(
        failure, assertThrows(IOException.class, () -> ContentFormats.standard().important(probe)));
  }

  @Test
  void anExcerptReadsBothByteOrders() throws IOException {
    byte[] bytes = {1, 2, 3, 4, 5, 6, 7, (byte) 0x88};
    Excerpt big = new Excerpt(bytes, ByteOrder.BIG_ENDIAN);
    Excerpt little = new Excerpt(bytes, ByteOrder.LITTLE_ENDIAN);
    assertEquals(0x88, big.u8(7));
    assertEquals(0x0102, big.u16(0));
    assertEquals(0x8807, little.u16(6));
    assertEquals(0x01020304L, big.u32(0));
    assertEquals(0x88070605L, little.u32(4));
    assertEquals(0x0102030405060788L, big.u63(0));
    assertEquals(0x8807060504030201L, little.bits64(0));
    assertEquals(0x0605L, little.part(4, 4).u16(0));
    assertTrue(big.holds(6, "\7\u0088"));
    assertFalse(big.holds(7, "\u0088\0"));
    assertFalse(big.holds(-1, "\1"));
  }

  @Test
  void anExcerptRefusesWhatIsOutsideOrDoesNotFit() {
    Excerpt excerpt = new Excerpt(new byte[8], ORDER);
    assertThrows(MalformedContentException.class, () -> excerpt.u8(8));
    assertThrows(MalformedContentException.class, () -> excerpt.u8(-1));
    assertThrows(MalformedContentException.class, () -> excerpt.u16(7));
    assertThrows(MalformedContentException.class, () -> excerpt.u32(Integer.MAX_VALUE));
    assertThrows(MalformedContentException.class, () -> excerpt.bits64(1));
    assertThrows(MalformedContentException.class, () -> excerpt.part(4, 5));
    assertThrows(MalformedContentException.class, () -> excerpt.part(4, -1));
    byte[] negative = {-1, 0, 0, 0, 0, 0, 0, 0};
    assertThrows(MalformedContentException.class, () -> new Excerpt(negative, ORDER).u63(0));
  }
}
