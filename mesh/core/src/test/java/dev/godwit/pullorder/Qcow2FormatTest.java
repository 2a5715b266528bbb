package dev.godwit.pullorder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Images that qemu-img made, against what it says about them. */
@Timeout(120)
final class Qcow2FormatTest {
  private static final Pattern DATA =
      Pattern.compile("\"length\": (\\d+),[^}]*\"data\": true,[^}]*\"offset\": (\\d+)");

  @TempDir private Path directory;

  @ParameterizedTest
  @CsvSource({"1.1, 65536", "0.10, 65536", "1.1, 4096", "1.1, 512"})
  void findsEverythingThatIsNotTheGuests(String version, int cluster)
      throws IOException, InterruptedException {
    Path image = directory.resolve("image");
    String options = "compat=" + version + ",cluster_size=" + cluster;
    Tool.QEMU_IMG.run("create", "-q", "-f", "qcow2", "-o", options, image, "1G");
    Tool.QEMU_IO.run(
        "-f", "qcow2", "-c", "write 0 1M", "-c", "write 700M 64k", "-c", "write 1000M 2M", image);
    BitSet guests = new BitSet();
    for (MatchResult run :
        DATA.matcher(Tool.QEMU_IMG.run("map", "--output=json", image)).results().toList()) {
      int offset = Integer.parseInt(run.group(2));
      guests.set(offset, offset + Integer.parseInt(run.group(1)));
    }
    assertTrue(guests.cardinality() >= 3 << 20);
    BitSet expected = new BitSet();
    expected.set(0, (int) Files.size(image));
    expected.andNot(guests);
    BitSet found = Content.of("qcow2", image).bytes();
    BitSet missing = (BitSet) expected.clone();
    missing.andNot(found);
    // Clusters that nothing refers to are at the end of the file only, as room for more tables.
    assertEquals(-1, missing.nextSetBit(0), () -> "missing " + missing.nextSetBit(0));
    found.andNot(expected);
    // What is read is read in pages of 4 KiB, which may be larger than clusters.
    assertTrue(found.cardinality() < 16 * 4096, () -> "extra " + found.cardinality());
  }

  private static ByteBuffer header(int version, int clusterBits) {
    ByteBuffer bytes = ByteBuffer.allocate(1 << 20);
    bytes.put("QFI\u00fb".getBytes(StandardCharsets.ISO_8859_1)).putInt(version);
    return bytes.putInt(20, clusterBits);
  }

  @ParameterizedTest
  @CsvSource({"1, 16", "4, 16", "3, 8", "3, 22", "3, -1"})
  void versionsAndClustersThatDoNotExistAreRefused(int version, int clusterBits) {
    ByteBuffer bytes = header(version, clusterBits);
    assertThrows(MalformedContentException.class, () -> Content.of("qcow2", bytes));
  }

  @Test
  void aTableLongerThanTheFileIsRefused() {
    ByteBuffer bytes = header(3, 16).putInt(36, -1).putLong(40, 65536);
    assertThrows(MalformedContentException.class, () -> Content.of("qcow2", bytes));
  }

  @Test
  void entriesThatLeadOutOfTheFileAreIgnored() throws IOException {
    ByteBuffer bytes = header(3, 16).putInt(36, 3).putLong(40, 65536);
    bytes.putLong(65536, -1).putLong(65544, 0x8000000000020000L).putLong(65552, 1L << 40);
    Content content = Content.of("qcow2", bytes);
    content.assertHas("a second-level table", 0x20000, 65536);
    content.assertLacks("the rest", 0x30000, (1 << 20) - 0x30000);
  }
}
