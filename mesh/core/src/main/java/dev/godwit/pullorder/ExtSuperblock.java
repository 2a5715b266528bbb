package dev.godwit.pullorder;

import java.io.IOException;
import java.nio.ByteOrder;

/**
 * What an ext2, ext3 or ext4 superblock says about where things are. Source: the Linux kernel's
 * {@code Documentation/filesystems/ext4/super.rst} and {@code blockgroup.rst}.
 *
 * @param blockSize bytes in a block, 1 KiB to 64 KiB
 * @param blocks in the file system; times {@code blockSize} it fits a {@code long}
 * @param firstDataBlock the block that group 0 begins with
 * @param blocksPerGroup positive
 * @param inodesPerGroup positive, at most the bits of one block
 * @param inodeSize bytes of an inode, a power of two, at most a block
 * @param descriptorSize bytes of a group descriptor, 32 to 1024, a power of two
 * @param compatible features that everybody may ignore
 * @param incompatible features that a reader must know
 * @param readOnlyCompatible features that a writer must know
 * @param journalInode the journal's inode, 0 when there is none
 * @param firstMetaGroup the first group of descriptors that is not kept at the beginning
 * @param backups the two groups with a backup, with {@code sparse_super2}
 */
record ExtSuperblock(
    int blockSize,
    long blocks,
    long firstDataBlock,
    long blocksPerGroup,
    long inodesPerGroup,
    int inodeSize,
    int descriptorSize,
    long compatible,
    long incompatible,
    long readOnlyCompatible,
    long journalInode,
    long firstMetaGroup,
    Backups backups) {

  /** Group numbers; 0 for none. */
  record Backups(long one, long other) {}

  /** Where it lies, bytes. */
  static final int OFFSET = 1024;

  private static final int LENGTH = 1024;
  private static final int MAGIC = 0xEF53;

  private static final int COMPAT_SPARSE_SUPER2 = 0x200;
  private static final int INCOMPAT_RECOVER = 0x4;
  private static final int INCOMPAT_META_BG = 0x10;
  private static final int INCOMPAT_64BIT = 0x80;
  private static final int RO_COMPAT_SPARSE_SUPER = 0x1;
  private static final int RO_COMPAT_GDT_CSUM = 0x10;
  private static final int RO_COMPAT_METADATA_CSUM = 0x400;

  /** Whether there could be one. */
  static boolean isAt(Probe probe) throws IOException {
    return probe.size() >= OFFSET + LENGTH
        && probe.read(OFFSET, LENGTH, ByteOrder.LITTLE_ENDIAN).u16(0x38) == MAGIC;
  }

  /**
   * Reads it.
   *
   * @throws MalformedContentException when its numbers do not make a file system
   */
  static ExtSuperblock read(Probe probe) throws IOException {
    Excerpt bytes = probe.read(OFFSET, LENGTH, ByteOrder.LITTLE_ENDIAN);
    long sizeLog = bytes.u32(0x18);
    require(sizeLog <= 6, "block size");
    int blockSize = 1024 << sizeLog;
    long incompatible = bytes.u32(0x60);
    boolean wide = (incompatible & INCOMPAT_64BIT) != 0;
    long blocks = bytes.u32(0x4) | (wide ? bytes.u32(0x150) << 32 : 0);
    require(blocks > 0 && blocks <= Long.MAX_VALUE / blockSize, "number of blocks");
    // Revision 0 had neither of the two sizes.
    int inodeSize = bytes.u32(0x4C) == 0 ? 128 : bytes.u16(0x58);
    require(isPowerOfTwo(inodeSize, 128, blockSize), "inode size");
    int descriptorSize = wide ? bytes.u16(0xFE) : 32;
    require(isPowerOfTwo(descriptorSize, wide ? 64 : 32, 1024), "descriptor size");
    ExtSuperblock superblock =
        new ExtSuperblock(
            blockSize,
            blocks,
            bytes.u32(0x14),
            bytes.u32(0x20),
            bytes.u32(0x28),
            inodeSize,
            descriptorSize,
            bytes.u32(0x5C),
            incompatible,
            bytes.u32(0x64),
            bytes.u32(0xE0),
            bytes.u32(0x104),
            new Backups(bytes.u32(0x24C), bytes.u32(0x250)));
    require(superblock.blocksPerGroup > 0, "blocks per group");
    require(
        superblock.inodesPerGroup > 0 && superblock.inodesPerGroup <= 8L * blockSize,
        "inodes per group");
    require(superblock.firstDataBlock < blocks, "first block");
    return superblock;
  }

  private static void require(boolean condition, String what) throws MalformedContentException {
    if (!condition) {
      throw new MalformedContentException("the superblock has no valid " + what);
    }
  }

  private static boolean isPowerOfTwo(int number, int from, int to) {
    return number >= from && number <= to && Integer.bitCount(number) == 1;
  }

  /** Number of block groups, the short last one included. */
  long groups() {
    return Math.ceilDiv(blocks - firstDataBlock, blocksPerGroup);
  }

  /** Descriptors in one block. */
  int descriptorsPerBlock() {
    return blockSize / descriptorSize;
  }

  /** Whether descriptors have the upper halves of block numbers. */
  boolean hasWideDescriptors() {
    return descriptorSize >= 64;
  }

  /** Whether descriptors say truly what of their group was never used. */
  boolean knowsUnused() {
    return (readOnlyCompatible & (RO_COMPAT_GDT_CSUM | RO_COMPAT_METADATA_CSUM)) != 0;
  }

  /** Whether the journal is replayed when the file system is mounted. */
  boolean needsRecovery() {
    return (incompatible & INCOMPAT_RECOVER) != 0;
  }

  /** The block that holds the descriptors of meta group {@code number}, one block full of them. */
  long descriptorBlock(long number) {
    if ((incompatible & INCOMPAT_META_BG) == 0 || number < firstMetaGroup) {
      return OFFSET / blockSize + 1 + number;
    }
    long group = number * descriptorsPerBlock();
    return firstDataBlock + group * blocksPerGroup + (hasSuperblock(group) ? 1 : 0);
  }

  /** Whether a group begins with a superblock, the first one or a backup. */
  boolean hasSuperblock(long group) {
    if ((compatible & COMPAT_SPARSE_SUPER2) != 0) {
      return group == 0 || group == backups.one || group == backups.other;
    }
    if ((readOnlyCompatible & RO_COMPAT_SPARSE_SUPER) == 0 || group <= 1) {
      return true;
    }
    return isPowerOf(3, group) || isPowerOf(5, group) || isPowerOf(7, group);
  }

  private static boolean isPowerOf(int base, long number) {
    while (number % base == 0) {
      number /= base;
    }
    return number == 1;
  }
}
