package dev.godwit.pullorder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** File systems that mkfs made, against what dumpe2fs and debugfs say about them. */
@Timeout(120)
final class ExtFormatTest {
  private static final Pattern GROUP =
      Pattern.compile("(?m)^Group (\\d+): .*?(?=^Group |\\z)", Pattern.DOTALL);

  @TempDir private Path directory;

  private Path make(long size, String options) throws IOException, InterruptedException {
    Path image = directory.resolve("image");
    try (var file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(size);
    }
    List<Object> arguments = new ArrayList<>(List.of("-q", "-F"));
    arguments.addAll(List.of(options.split(" ", -1)));
    arguments.add(image);
    Tool.MKFS.run(arguments.toArray());
    StringBuilder commands = new StringBuilder();
    for (int i = 0; i < 60; i++) {
      commands.append("mkdir directory-").append(i).append('\n');
    }
    debugfsWrites(image, commands.toString());
    return image;
  }

  private static void debugfsWrites(Path image, String commands)
      throws IOException, InterruptedException {
    Tool.DEBUGFS.runWith(commands, "-w", "-f", "-", image);
  }

  private static String debugfs(Path image, String command)
      throws IOException, InterruptedException {
    return Tool.DEBUGFS.run("-R", command, image);
  }

  private static long number(String text, String pattern) {
    Matcher matcher = Pattern.compile(pattern, Pattern.MULTILINE).matcher(text);
    assertTrue(matcher.find(), () -> pattern + " is not in " + text);
    return Long.parseLong(matcher.group(1));
  }

  /** Bytes of whole blocks. */
  private static void add(BitSet set, long blockSize, long from, long to) {
    set.set((int) (from * blockSize), (int) ((to + 1) * blockSize));
  }

  /** What dumpe2fs says is in use of tables, bitmaps and descriptors. */
  private static BitSet tables(String dump) {
    long blockSize = number(dump, "^Block size: +(\\d+)");
    // Revision 0 knows no size of inodes, and short descriptors are not mentioned.
    long inodeSize = dump.contains("Inode size:") ? number(dump, "^Inode size:\\s+(\\d+)") : 128;
    long descriptorSize =
        dump.contains("Group descriptor size:")
            ? number(dump, "^Group descriptor size: +(\\d+)")
            : 32;
    long inodes = number(dump, "^Inodes per group: +(\\d+)");
    BitSet set = new BitSet();
    set.set(1024, 2048);
    Matcher groups = GROUP.matcher(dump);
    while (groups.find()) {
      String group = groups.group();
      long index = Long.parseLong(groups.group(1));
      // All are at the beginning, or with meta_bg, each block of them in the first group that it
      // describes; the others are backups.
      boolean first = dump.contains(" meta_bg ") && index % (blockSize / descriptorSize) == 0;
      if (index == 0 || first) {
        Matcher descriptors =
            Pattern.compile("Group descriptors? at (\\d+)(?:-(\\d+))?").matcher(group);
        if (descriptors.find()) {
          long from = Long.parseLong(descriptors.group(1));
          String to = descriptors.group(2);
          add(set, blockSize, from, to == null ? from : Long.parseLong(to));
        }
      }
      if (!group.contains("BLOCK_UNINIT")) {
        long bitmap = number(group, "Block bitmap at (\\d+)");
        add(set, blockSize, bitmap, bitmap);
      }
      if (!group.contains("INODE_UNINIT")) {
        long bitmap = number(group, "Inode bitmap at (\\d+)");
        add(set, blockSize, bitmap, bitmap);
        long unused = group.contains("unused inodes") ? number(group, ", (\\d+) unused inodes") : 0;
        long table = number(group, "Inode table at (\\d+)");
        long blocks = Math.ceilDiv((inodes - unused) * inodeSize, blockSize);
        if (blocks > 0) {
          add(set, blockSize, table, table + blocks - 1);
        }
      }
    }
    return set;
  }

  private static BitSet blocks(String debugfs, long blockSize) {
    BitSet set = new BitSet();
    for (String block : debugfs.strip().split("\\s+", -1)) {
      add(set, blockSize, Long.parseLong(block), Long.parseLong(block));
    }
    return set;
  }

  private static BitSet minus(BitSet one, BitSet other) {
    BitSet rest = (BitSet) one.clone();
    rest.andNot(other);
    return rest;
  }

  /** The pages of 4 KiB that a set touches. */
  private static BitSet pages(BitSet set) {
    BitSet pages = new BitSet();
    for (int at = set.nextSetBit(0); at >= 0; at = set.nextSetBit(at)) {
      int page = at / 4096 * 4096;
      pages.set(page, page + 4096);
      at = page + 4096;
    }
    return pages;
  }

  @ParameterizedTest
  @CsvSource({
    "256, -t ext4",
    "256, -t ext4 -b 1024",
    "64, -t ext4 -b 1024 -O ^64bit -g 1024",
    "64, -t ext4 -b 2048 -O ^flex_bg",
    "64, -t ext4 -b 1024 -O meta_bg;^resize_inode -g 256",
    "64, -t ext4 -b 1024 -O meta_bg;^resize_inode;^sparse_super;^64bit -g 256",
    "64, -t ext4 -b 1024 -O sparse_super2;meta_bg;^resize_inode -g 256",
    "64, -t ext4 -b 1024 -I 1024 -O uninit_bg;^metadata_csum",
    "64, -t ext4 -b 4096 -O bigalloc",
    "64, -t ext4 -b 1024 -O bigalloc",
    "64, -t ext4 -O ^has_journal",
    "64, -t ext3 -b 1024",
    "64, -t ext2 -b 1024 -I 128",
    "64, -t ext2 -r 0",
  })
  void findsExactlyTheTablesThatTheToolsName(int mebibytes, String options)
      throws IOException, InterruptedException {
    Path image = make((long) mebibytes << 20, options.replace(';', ','));
    String dump = Tool.DUMPE2FS.run(image);
    long blockSize = number(dump, "^Block size: +(\\d+)");
    BitSet expected = tables(dump);
    expected.or(blocks(debugfs(image, "blocks <2>"), blockSize));
    if (dump.contains("Journal inode:")) {
      expected.or(blocks(debugfs(image, "bmap <8> 0"), blockSize));
      // The nodes of the extent tree that leads there.
      Matcher node = Pattern.compile("\\(ETB\\d\\):(\\d+)").matcher(debugfs(image, "stat <8>"));
      while (node.find()) {
        expected.or(blocks(node.group(1), blockSize));
      }
    }
    BitSet found = Content.of("ext4", image).bytes();
    assertEquals(new BitSet(), minus(expected, found), "not found");
    // Whatever is read is read in pages.
    assertEquals(new BitSet(), minus(found, pages(expected)), "found without need");
    assertTrue(found.cardinality() < Files.size(image) / 2);
  }

  @Test
  void theUnusedPartOfInodeTablesIsLeftForLater() throws IOException, InterruptedException {
    Path image = make(256 << 20, "-t ext4 -b 4096 -N 65536");
    String group = Tool.DUMPE2FS.run(image).replaceAll("(?s).*(?=Group 0:)|Group 1:.*", "");
    long table = number(group, "Inode table at (\\d+)") * 4096;
    long inodes = 65536 / 2 - number(group, ", (\\d+) unused inodes");
    Content content = Content.of("ext4", image);
    content.assertHas("used inodes", table, inodes * 256);
    content.assertLacks("unused inodes", table + Math.ceilDiv(inodes * 256, 4096) * 4096, 4096);
  }

  @Test
  void theRootDirectoryComesBeforeTheTables() throws IOException, InterruptedException {
    Path image = make(256 << 20, "-t ext4 -b 4096");
    Content content = Content.of("ext4", image);
    long root = Long.parseLong(debugfs(image, "blocks <2>").strip().split(" ", -1)[0]) * 4096;
    long bitmap = number(Tool.DUMPE2FS.run(image), "Inode bitmap at (\\d+)") * 4096;
    assertEquals(0, content.place(0));
    assertTrue(content.place(root) < content.place(bitmap), () -> content.ranges().toString());
  }

  @Test
  void aJournalThatWillBeReplayedIsWantedFromWhereThatBegins()
      throws IOException, InterruptedException {
    Path image = make(128 << 20, "-t ext4 -b 4096");
    String[] journal = debugfs(image, "blocks <8>").strip().split(" ", -1);
    long block = Long.parseLong(journal[5]) * 4096;
    Content.of("ext4", image).assertLacks("a clean journal", block, 4096);
    Path some = Files.write(directory.resolve("some"), new byte[4096]);
    debugfsWrites(image, "journal_open\njournal_write -b 9000 " + some + "\njournal_close\n");
    Content content = Content.of("ext4", image);
    for (String each : List.of(journal).subList(0, (8 << 20) / 4096)) {
      content.assertHas("a block of the journal", Long.parseLong(each) * 4096, 4096);
    }
  }

  @Test
  void aSuperblockOfNonsenseEndsTheSearch() throws IOException {
    byte[] bytes = new byte[100_000];
    Arrays.fill(bytes, 1024, 2048, (byte) 0xff);
    bytes[1024 + 0x38] = 0x53;
    bytes[1024 + 0x39] = (byte) 0xEF;
    assertEquals(
        List.of(new ByteRange(0, 4096)), ContentFormats.standard().important(Content.probe(bytes)));
  }

  @Test
  void whatHasNoMagicIsNoFileSystem() throws IOException {
    assertFalse(new ExtFormat().recognises(Content.probe(new byte[100_000])));
    assertFalse(new ExtFormat().recognises(Content.probe(new byte[1080])));
  }
}
