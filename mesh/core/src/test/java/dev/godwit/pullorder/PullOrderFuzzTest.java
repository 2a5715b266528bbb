package dev.godwit.pullorder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * Parsers of what a resource holds, of profiles, and of what people type. An ordinary test run
 * replays the inputs beside this class; with {@code JAZZER_FUZZ=1} in the environment one of the
 * methods looks for new ones.
 */
final class PullOrderFuzzTest {

  @FuzzTest
  void ext(byte[] bytes) throws IOException {
    assertHarmless(new ExtFormat(), bytes);
  }

  @FuzzTest
  void sqlite(byte[] bytes) throws IOException {
    assertHarmless(new SqliteFormat(), bytes);
  }

  @FuzzTest
  void isoMedia(byte[] bytes) throws IOException {
    assertHarmless(new IsoMediaFormat(), bytes);
  }

  @FuzzTest
  void zip(byte[] bytes) throws IOException {
    assertHarmless(new ZipFormat(), bytes);
  }

  @FuzzTest
  void elf(byte[] bytes) throws IOException {
    assertHarmless(new ElfFormat(), bytes);
  }

  @FuzzTest
  void partitions(byte[] bytes) throws IOException {
    assertHarmless(new PartitionFormat(ContentFormats.standard()), bytes);
  }

  @FuzzTest
  void qcow2(byte[] bytes) throws IOException {
    assertHarmless(new Qcow2Format(), bytes);
  }

  private static void assertHarmless(ContentFormat format, byte[] bytes) throws IOException {
    Probe probe = Content.probe(bytes);
    try {
      assertTrue(format.recognises(probe) || !format.name().isEmpty());
      format.findImportant(probe);
    } catch (MalformedContentException e) {
      assertFalse(String.valueOf(e.getMessage()).isEmpty());
    }
    for (ByteRange range : probe.found()) {
      assertTrue(range.length() > 0 && range.end() <= bytes.length, range::toString);
    }
  }

  @FuzzTest
  void profiles(byte[] bytes) {
    try {
      AccessProfile profile = AccessProfile.decode(AccessProfileTest.withChecksum(bytes));
      // What was accepted is written as it is understood.
      AccessProfile again = AccessProfile.decode(profile.encode());
      assertArrayEquals(profile.encode(), again.encode());
      for (ByteRange range : profile.ranges(profile.identity(), profile.size())) {
        assertTrue(range.length() > 0 && range.end() <= profile.size(), range::toString);
      }
    } catch (IOException e) {
      assertFalse(String.valueOf(e.getMessage()).isEmpty());
    }
  }

  @FuzzTest
  void names(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    try {
      assertFalse(PullOrders.standard().named(text).toString().isEmpty());
    } catch (IllegalArgumentException e) {
      assertFalse(String.valueOf(e.getMessage()).isEmpty());
    }
  }
}
