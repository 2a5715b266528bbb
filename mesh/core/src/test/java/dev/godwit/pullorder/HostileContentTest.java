package dev.godwit.pullorder;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.testing.Seeds;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Contents of every format with some bytes changed: no format fails in any other way than it may.
 */
final class HostileContentTest {
  private static final int[] EXTREMES = {0, 1, 0x7f, 0x80, 0xff};

  private static byte[] sample(String name) throws IOException {
    try (InputStream in =
        Objects.requireNonNull(
            HostileContentTest.class.getResourceAsStream("PullOrderFuzzTestInputs/" + name))) {
      return in.readAllBytes();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ext/ext2",
        "ext/ext4",
        "sqlite/database",
        "zip/archive",
        "elf/narrow",
        "elf/wide",
        "isoMedia/movie",
        "partitions/gpt",
        "partitions/mbr",
        "qcow2/image"
      })
  void changedBytesYieldRangesInsideOrAreRefused(String name) throws IOException {
    byte[] sample = sample(name);
    Seeds.each(500, random -> assertHarmless(change(sample, random)));
  }

  private static byte[] change(byte[] sample, Random random) {
    byte[] bytes = sample.clone();
    // Numbers that mean something are in front, or follow other bytes that are not zero.
    for (int i = 1 + random.nextInt(6); i > 0; i--) {
      int at = random.nextInt(random.nextBoolean() ? Math.min(bytes.length, 2048) : bytes.length);
      for (int tries = 0; tries < 100 && bytes[at] == 0 && random.nextInt(10) > 0; tries++) {
        at = random.nextInt(bytes.length);
      }
      for (int end = Math.min(bytes.length, at + 1 + random.nextInt(8)); at < end; at++) {
        bytes[at] =
            (byte)
                (random.nextBoolean()
                    ? random.nextInt()
                    : EXTREMES[random.nextInt(EXTREMES.length)]);
      }
    }
    if (random.nextInt(10) == 0) {
      ByteArrayOutputStream cut = new ByteArrayOutputStream();
      cut.write(bytes, 0, random.nextInt(bytes.length));
      return cut.toByteArray();
    }
    return bytes;
  }

  /** Every standard format looks at it, whether it recognises it or not. */
  private static void assertHarmless(byte[] bytes) throws IOException {
    for (ContentFormat format : ContentFormats.standard().formats()) {
      Probe probe = Content.probe(bytes);
      try {
        format.findImportant(probe);
      } catch (MalformedContentException e) {
        assertTrue(String.valueOf(e.getMessage()).contains(" "), e::toString);
      }
      assertInside(probe.found(), bytes.length);
    }
    assertInside(ContentFormats.standard().important(Content.probe(bytes)), bytes.length);
  }

  private static void assertInside(List<ByteRange> found, int size) {
    for (ByteRange range : found) {
      assertTrue(range.length() > 0 && range.end() <= size, range::toString);
    }
  }
}
