package dev.godwit.pullorder;

import java.io.IOException;
import java.nio.ByteOrder;

/**
 * ext2, ext3 and ext4: what mounting and listing directories needs. The superblock, the root
 * directory, the journal's superblock and what would be replayed, the group descriptors, then the
 * inode tables as far as they are used, and the bitmaps. Source: the Linux kernel's {@code
 * Documentation/filesystems/ext4}.
 */
final class ExtFormat implements ContentFormat {
  private static final long ROOT_INODE = 2;

  /** A root directory is hardly ever larger. */
  private static final long ROOT_BYTES = 256 << 10;

  /** How far a journal is taken from where its replay begins. */
  private static final long JOURNAL_BYTES = 8 << 20;

  /** Source: {@code Documentation/filesystems/ext4/journal.rst}; big-endian, unlike the rest. */
  private static final long JOURNAL_MAGIC = 0xC03B3998L;

  private static final int JOURNAL_SUPERBLOCK_BYTES = 1024;

  @Override
  public String name() {
    return "ext4";
  }

  @Override
  public boolean recognises(Probe probe) throws IOException {
    return ExtSuperblock.isAt(probe);
  }

  @Override
  public void findImportant(Probe probe) throws IOException {
    ExtSuperblock superblock = ExtSuperblock.read(probe);
    ExtGroups groups = new ExtGroups(probe, superblock);
    ExtInode.read(probe, superblock, groups.inodeOffset(ROOT_INODE)).findContent(0, ROOT_BYTES);
    // Zero without a journal, and when it is on another device.
    if (superblock.journalInode() != 0) {
      long inode = groups.inodeOffset(superblock.journalInode());
      findJournal(probe, superblock, ExtInode.read(probe, superblock, inode));
    }
    groups.findTables();
  }

  private static void findJournal(Probe probe, ExtSuperblock superblock, ExtInode journal)
      throws IOException {
    journal.findContent(0, superblock.blockSize());
    long begin = journal.begin();
    if (!superblock.needsRecovery() || begin < 0) {
      return;
    }
    Excerpt head = probe.read(begin, JOURNAL_SUPERBLOCK_BYTES, ByteOrder.BIG_ENDIAN);
    long replayFrom = head.u32(0x1C);
    if (head.u32(0) == JOURNAL_MAGIC && replayFrom > 0) {
      journal.findContent(replayFrom * superblock.blockSize(), JOURNAL_BYTES);
    }
  }
}
