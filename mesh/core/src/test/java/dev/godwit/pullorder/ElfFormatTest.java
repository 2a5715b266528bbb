package dev.godwit.pullorder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The system's programs against readelf, and programs put together by hand. */
@Timeout(60)
final class ElfFormatTest {
  private static final Pattern SEGMENT =
      Pattern.compile(
          "(?m)^  (LOAD|DYNAMIC|INTERP|NOTE) +0x(\\p{XDigit}+) 0x(\\p{XDigit}+) 0x\\p{XDigit}+"
              + " 0x(\\p{XDigit}+)");

  private static long hex(MatchResult result, int group) {
    return Long.parseLong(result.group(group), 16);
  }

  private static Matcher match(String pattern, String text) {
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    assertTrue(matcher.find(), () -> pattern + " is not in " + text);
    return matcher;
  }

  @ParameterizedTest
  @ValueSource(strings = {"/bin/true", "/bin/sh", "/bin/bash"})
  void findsWhatReadelfNames(Path program) throws IOException, InterruptedException {
    Content content = Content.of("elf", Files.readAllBytes(program));
    String header = Tool.READELF.run("-hW", program);
    String segments = Tool.READELF.run("-lW", program);
    content.assertHas(
        "program headers",
        Long.parseLong(match("Start of program headers: +(\\d+)", header).group(1)),
        56 * Long.parseLong(match("Number of program headers: +(\\d+)", header).group(1)));
    content.assertHas(
        "section headers",
        Long.parseLong(match("Start of section headers: +(\\d+)", header).group(1)),
        64 * Long.parseLong(match("Number of section headers: +(\\d+)", header).group(1)));
    long entry = hex(match("Entry point address: +0x(\\p{XDigit}+)", header), 1);
    List<MatchResult> found = SEGMENT.matcher(segments).results().toList();
    assertTrue(found.stream().anyMatch(result -> result.group(1).equals("DYNAMIC")));
    boolean entered = false;
    for (MatchResult segment : found) {
      content.assertHas(segment.group(1), hex(segment, 2), hex(segment, 4));
      long within = entry - hex(segment, 3);
      if (segment.group(1).equals("LOAD") && within >= 0 && within < hex(segment, 4)) {
        entered = true;
      }
    }
    assertTrue(entered, segments);
  }

  /** A file of 300,000 bytes with two segments of 100,000, the second with the entry point. */
  private static ByteBuffer program(boolean wide, ByteOrder order) {
    ByteBuffer bytes = ByteBuffer.allocate(300_000).order(order);
    bytes.put(0, new byte[] {0x7f, 'E', 'L', 'F'});
    bytes.put(4, (byte) (wide ? 2 : 1)).put(5, (byte) (order == ByteOrder.BIG_ENDIAN ? 2 : 1));
    if (wide) {
      bytes.putLong(24, 0x8000_0000_0005_0000L).putLong(32, 20_000).putLong(40, 290_000);
      bytes.putShort(54, (short) 56).putShort(56, (short) 2);
      bytes.putShort(58, (short) 64).putShort(60, (short) 3);
      segment64(bytes, 20_000, 50_000, 0x8000_0000_0000_0000L);
      segment64(bytes, 20_056, 150_000, 0x8000_0000_0004_0000L);
    } else {
      bytes.putInt(24, 0x8005_0000).putInt(28, 20_000).putInt(32, 290_000);
      bytes.putShort(42, (short) 32).putShort(44, (short) 2);
      bytes.putShort(46, (short) 40).putShort(48, (short) 3);
      segment32(bytes, 20_000, 50_000, 0x8000_0000);
      segment32(bytes, 20_032, 150_000, 0x8004_0000);
    }
    return bytes;
  }

  private static void segment64(ByteBuffer bytes, int at, long offset, long address) {
    bytes.putInt(at, 1).putLong(at + 8, offset).putLong(at + 16, address);
    bytes.putLong(at + 32, 100_000);
  }

  private static void segment32(ByteBuffer bytes, int at, int offset, int address) {
    bytes.putInt(at, 1).putInt(at + 4, offset).putInt(at + 8, address).putInt(at + 16, 100_000);
  }

  private static ByteOrder order(String name) {
    return name.equals("big") ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
  }

  @ParameterizedTest
  @CsvSource({"32, little", "32, big", "64, little", "64, big"})
  void theSegmentWithTheEntryPointComesFirst(int bits, String order) throws IOException {
    Content content = Content.of("elf", program(bits == 64, order(order)));
    assertEquals(
        List.of(
            new ByteRange(0, 4096),
            new ByteRange(16384, 4096),
            // Around the entry point, then all of it.
            new ByteRange(150_000 + 0x10000 - 32768, Math.min(65536, 100_000 - 32768)),
            new ByteRange(150_000, 100_000),
            new ByteRange(50_000, 200_000),
            new ByteRange(290_000, 3L * (bits == 64 ? 64 : 40))),
        content.ranges());
  }

  @ParameterizedTest
  @CsvSource({"32, little", "32, big", "64, little", "64, big"})
  void numbersTooLargeForTheHeaderAreInTheFirstSection(int bits, String order) throws IOException {
    ByteBuffer bytes = program(bits == 64, order(order));
    if (bits == 64) {
      bytes.putShort(56, (short) 0xffff).putShort(60, (short) 0);
      bytes.putLong(290_000 + 32, 100).putInt(290_000 + 44, 2);
    } else {
      bytes.putShort(44, (short) 0xffff).putShort(48, (short) 0);
      bytes.putInt(290_000 + 20, 100).putInt(290_000 + 28, 2);
    }
    Content content = Content.of("elf", bytes);
    content.assertHas("the first segment", 50_000, 100_000);
    content.assertHas("section headers", 290_000, 100L * (bits == 64 ? 64 : 40));
  }

  @Test
  void moreProgramHeadersThanAnyProgramHasAreRefused() {
    ByteBuffer bytes = program(true, ByteOrder.LITTLE_ENDIAN);
    bytes.putShort(56, (short) 0xfffe);
    assertThrows(MalformedContentException.class, () -> Content.of("elf", bytes));
  }

  @Test
  void classesAndByteOrdersThatDoNotExistAreRefused() {
    for (int at : new int[] {4, 5}) {
      ByteBuffer bytes = program(true, ByteOrder.LITTLE_ENDIAN).put(at, (byte) 3);
      assertThrows(MalformedContentException.class, () -> Content.of("elf", bytes));
    }
  }
}
