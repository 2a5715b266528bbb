package dev.godwit.pullorder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.chunk.BlockRuns;
import dev.godwit.testing.Seeds;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class AccessProfileTest {
  private static final int HEADER = 20;

  /** Puts the right checksum over the last four bytes. */
  static byte[] withChecksum(byte[] bytes) {
    byte[] checked = bytes.clone();
    if (bytes.length >= 4) {
      CRC32C crc = new CRC32C();
      crc.update(bytes, 0, bytes.length - 4);
      ByteBuffer.wrap(checked).putInt(bytes.length - 4, (int) crc.getValue());
    }
    return checked;
  }

  private static AccessProfile sample() {
    BlockRuns runs = new BlockRuns();
    runs.add(7, 9);
    runs.add(0, 2);
    runs.add(200, 201);
    return new AccessProfile("disk", 1_000_000, 4096, runs);
  }

  @Test
  void rangesAreInTheOrderOfTheRunsAndEndWithTheResource() {
    BlockRuns runs = new BlockRuns();
    runs.add(2, 3);
    runs.add(0, 1);
    assertEquals(
        List.of(new ByteRange(8192, 808), new ByteRange(0, 4096)),
        new AccessProfile("disk", 9000, 4096, runs).ranges("disk", 9000));
  }

  @Test
  void aProfileOfAnotherResourceIsRefused() {
    AccessProfile profile = sample();
    assertTrue(profile.isOf("disk", 1_000_000));
    assertFalse(profile.isOf("disk", 1_000_001));
    assertFalse(profile.isOf("disc", 1_000_000));
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> profile.ranges("disk", 5));
    assertEquals(
        "the profile is of 'disk' with 1000000 bytes, not of 'disk' with 5", refused.getMessage());
  }

  @Test
  void theBytesAreThoseOfTheFormat() {
    String expected =
        // Magic, version, 4096, length of the identity, size, runs, identity.
        "47574150"
            + "01"
            + "0c"
            + "0004"
            + "00000000000f4240"
            + "00000003"
            + "6469736b"
            // 7 ahead for 2, 9 back for 2, 198 ahead for 1.
            + "0e02"
            + "1102"
            + "8c03"
            + "01";
    byte[] encoded = sample().encode();
    assertEquals(expected, HexFormat.of().formatHex(Arrays.copyOf(encoded, encoded.length - 4)));
    assertArrayEquals(withChecksum(encoded), encoded);
  }

  @Test
  void anyProfileComesBackFromItsBytes() {
    Seeds.each(
        5_000,
        random -> {
          int blocks = 1 + random.nextInt(random.nextBoolean() ? 100 : Integer.MAX_VALUE - 100);
          BlockRuns runs = new BlockRuns();
          for (int i = random.nextInt(20); i > 0; i--) {
            int from = random.nextInt(blocks);
            runs.add(from, from + 1 + random.nextInt(blocks - from));
          }
          String identity = "ä".repeat(random.nextInt(AccessProfile.MAX_IDENTITY / 2 + 1));
          AccessProfile profile = new AccessProfile(identity, blocks * 512L - 5, 512, runs);
          AccessProfile back = AccessProfile.decode(profile.encode());
          assertEquals(identity, back.identity());
          assertEquals(profile.size(), back.size());
          assertEquals(
              profile.ranges(identity, profile.size()), back.ranges(identity, profile.size()));
        });
  }

  @Test
  void theLargestProfileFitsTheLimit() throws IOException {
    BlockRuns runs = new BlockRuns();
    int last = Integer.MAX_VALUE - 100;
    for (int i = 0; i < AccessProfile.MAX_RUNS; i++) {
      int at = i % 2 == 0 ? last - i : i;
      runs.add(at - 1, at);
    }
    assertEquals(AccessProfile.MAX_RUNS, runs.size());
    byte[] encoded =
        new AccessProfile("i".repeat(AccessProfile.MAX_IDENTITY), last * 512L, 512, runs).encode();
    assertTrue(encoded.length <= AccessProfile.MAX_ENCODED);
    assertEquals(runs.size(), AccessProfile.decode(encoded).runs());
  }

  @Test
  void anIdentityThatIsTooLongIsRefused() {
    String tooLong = "i".repeat(AccessProfile.MAX_IDENTITY + 1);
    assertThrows(
        IllegalArgumentException.class, () -> new AccessProfile(tooLong, 1, 512, new BlockRuns()));
  }

  @Test
  void everyChangedBitIsNoticed() {
    byte[] encoded = sample().encode();
    for (int bit = 0; bit < encoded.length * 8; bit++) {
      byte[] changed = encoded.clone();
      changed[bit / 8] ^= (byte) (1 << bit % 8);
      assertThrows(IOException.class, () -> AccessProfile.decode(changed));
    }
  }

  @Test
  void everyCutIsNoticed() {
    byte[] encoded = sample().encode();
    for (int length = 0; length < encoded.length; length++) {
      byte[] cut = Arrays.copyOf(encoded, length);
      assertThrows(IOException.class, () -> AccessProfile.decode(cut));
      assertThrows(IOException.class, () -> AccessProfile.decode(withChecksum(cut)));
    }
  }

  private static void assertRefused(String why, Consumer<ByteBuffer> change) {
    ByteBuffer bytes = ByteBuffer.wrap(sample().encode());
    change.accept(bytes);
    IOException refused =
        assertThrows(IOException.class, () -> AccessProfile.decode(withChecksum(bytes.array())));
    assertTrue(String.valueOf(refused.getMessage()).contains(why), refused::toString);
  }

  @Test
  void nonsenseWithARightChecksumIsRefused() {
    assertRefused("no access profile", bytes -> bytes.put(0, (byte) 0));
    assertRefused("version 2", bytes -> bytes.put(4, (byte) 2));
    assertRefused("block size", bytes -> bytes.put(5, (byte) 8));
    assertRefused("block size", bytes -> bytes.put(5, (byte) 255));
    assertRefused("identity of 65535", bytes -> bytes.putShort(6, (short) -1));
    assertRefused("identity of 1000", bytes -> bytes.putShort(6, (short) 1000));
    assertRefused("size -1", bytes -> bytes.putLong(8, -1));
    assertRefused("not inside 1 blocks", bytes -> bytes.putLong(8, 1));
    assertRefused("4294967295 runs", bytes -> bytes.putInt(16, -1));
    assertRefused("1000 runs", bytes -> bytes.putInt(16, 1000));
    assertRefused("bytes follow", bytes -> bytes.putInt(16, 2));
    assertRefused("no sense", bytes -> bytes.put(HEADER, (byte) 0xff));
    assertRefused("run 7 to 7", bytes -> bytes.put(HEADER + 5, (byte) 0));
    assertRefused("run -4 to -2", bytes -> bytes.put(HEADER + 4, (byte) 7));
    assertRefused(
        "out of range", bytes -> bytes.put(HEADER + 4, new byte[] {-1, -1, -1, -1, -1, -1}));
  }

  @Test
  void moreBytesThanAnyProfileHasAreNotLookedAt() {
    byte[] large = Arrays.copyOf(sample().encode(), AccessProfile.MAX_ENCODED + 1);
    IOException refused =
        assertThrows(IOException.class, () -> AccessProfile.decode(withChecksum(large)));
    assertTrue(String.valueOf(refused.getMessage()).contains("cannot have"), refused::toString);
  }
}
