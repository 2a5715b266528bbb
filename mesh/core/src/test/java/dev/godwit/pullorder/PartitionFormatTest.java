package dev.godwit.pullorder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Disks that sfdisk and mkfs made. */
@Timeout(120)
final class PartitionFormatTest {
  private static final int MEBIBYTE = 1 << 20;

  @TempDir private Path directory;

  private Path disk(String script) throws IOException, InterruptedException {
    Path image = directory.resolve("disk");
    try (var file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(100 * MEBIBYTE);
    }
    Tool.SFDISK.runWith(script, "-q", "--no-reread", image);
    return image;
  }

  /** Makes a file system of 16 MiB; its first inode table, bytes from the disk's beginning. */
  private static long fileSystem(Path image, int atMebibytes)
      throws IOException, InterruptedException {
    String offset = "offset=" + atMebibytes * MEBIBYTE;
    Tool.MKFS.run("-q", "-F", "-b", "4096", "-E", offset, image, "16M");
    String table =
        Tool.DUMPE2FS
            .run("-g", image + "?offset=" + atMebibytes * MEBIBYTE)
            .lines()
            .filter(line -> line.startsWith("0:"))
            .findFirst()
            .orElseThrow()
            .split(":", -1)[6];
    return atMebibytes * (long) MEBIBYTE + Long.parseLong(table.split("-", -1)[0].strip()) * 4096;
  }

  @Test
  void findsTheFileSystemsInAGpt() throws IOException, InterruptedException {
    Path image =
        disk(
            """
            label: gpt
            start=1MiB, size=10MiB
            start=20MiB, size=20MiB
            start=60MiB, size=20MiB
            """);
    long one = fileSystem(image, 20);
    long other = fileSystem(image, 60);
    Content content = Content.of("disk", image);
    content.assertHas("the table", 0, 34 * 512);
    content.assertHas("the backup", 100 * MEBIBYTE - 33 * 512, 33 * 512);
    content.assertHas("an unknown partition", MEBIBYTE, PartitionFormat.BEGIN_BYTES);
    content.assertHas("inodes of the first", one, 4096);
    content.assertHas("inodes of the second", other, 4096);
    content.assertLacks("nothing", 85 * MEBIBYTE, 10 * MEBIBYTE);
  }

  @Test
  void findsPrimaryAndLogicalPartitions() throws IOException, InterruptedException {
    Path image =
        disk(
            """
            label: dos
            start=1MiB, size=18MiB, type=83
            start=20MiB, size=75MiB, type=5
            start=21MiB, size=18MiB, type=83
            start=41MiB, size=5MiB, type=83
            start=50MiB, size=18MiB, type=83
            """);
    long primary = fileSystem(image, 1);
    long logical = fileSystem(image, 21);
    long last = fileSystem(image, 50);
    Content content = Content.of("disk", image);
    content.assertHas("inodes of the primary", primary, 4096);
    content.assertHas("inodes of the first logical", logical, 4096);
    content.assertHas("a logical one", 41 * MEBIBYTE, PartitionFormat.BEGIN_BYTES);
    content.assertHas("inodes of the last logical", last, 4096);
  }

  /** A table with one entry. */
  private static ByteBuffer table(int type, int first, int count) {
    ByteBuffer bytes = ByteBuffer.allocate(MEBIBYTE).order(ByteOrder.LITTLE_ENDIAN);
    entry(bytes, 0, type, first, count);
    return bytes;
  }

  private static void entry(ByteBuffer bytes, int sector, int type, int first, int count) {
    int at = sector * 512 + 446;
    bytes.put(at + 4, (byte) type).putInt(at + 8, first).putInt(at + 12, count);
    bytes.putShort(sector * 512 + 510, (short) 0xAA55);
  }

  @Test
  void aPartitionBeyondTheEndIsIgnored() throws IOException {
    Content content = Content.of("disk", table(0x83, 1 << 30, 1 << 30));
    // A GPT is looked for in the first two pages.
    assertEquals(8192, content.bytes().cardinality());
  }

  @Test
  void aChainOfLogicalPartitionsThatLeadsInACircleEnds() throws IOException {
    ByteBuffer bytes = table(0x05, 16, 100);
    entry(bytes, 16, 0x83, 1, 10);
    bytes.put(16 * 512 + 446 + 16 + 4, (byte) 0x05).putInt(16 * 512 + 446 + 16 + 8, 8);
    bytes.put(24 * 512, bytes, 16 * 512, 512);
    Content.of("disk", bytes).assertHas("the partition", 17 * 512, 5120);
  }

  @Test
  void entriesOfAnImpossibleLengthAreRefused() {
    ByteBuffer bytes = table(0xEE, 1, 100);
    bytes.put(512, "EFI PART".getBytes(StandardCharsets.US_ASCII));
    bytes.putLong(512 + 72, 2).putInt(512 + 80, 128).putInt(512 + 84, 1);
    assertThrows(MalformedContentException.class, () -> Content.of("disk", bytes));
    bytes.putInt(512 + 84, -1);
    assertThrows(MalformedContentException.class, () -> Content.of("disk", bytes));
  }

  @Test
  void aBootSectorWithoutATableIsNoDisk() throws IOException {
    ByteBuffer bytes = table(0x83, 1, 100);
    bytes.put(446 + 16, (byte) 'c');
    assertFalse(new PartitionFormat(ContentFormats.standard()).recognises(probe(bytes)));
    assertFalse(new PartitionFormat(ContentFormats.standard()).recognises(probe(table(0, 0, 0))));
  }

  private static Probe probe(ByteBuffer bytes) {
    return Content.probe(Content.bytes(bytes));
  }
}
