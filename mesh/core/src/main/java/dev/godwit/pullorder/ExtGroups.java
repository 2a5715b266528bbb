package dev.godwit.pullorder;

import java.io.IOException;
import java.nio.ByteOrder;

/**
 * The block groups of an ext file system. Source: the Linux kernel's {@code
 * Documentation/filesystems/ext4/group_descr.rst}.
 */
final class ExtGroups {
  /** Groups that are looked at: 16 TiB at the usual 128 MiB each. */
  static final int MAX_GROUPS = 1 << 17;

  /** With {@code flex_bg} as mkfs does it, the tables of so many groups lie side by side. */
  private static final int BATCH = 16;

  private static final int INODE_UNINIT = 1;
  private static final int BLOCK_UNINIT = 2;

  private final Probe probe;
  private final ExtSuperblock superblock;
  private final long groups;

  ExtGroups(Probe probe, ExtSuperblock superblock) {
    this.probe = probe;
    this.superblock = superblock;
    this.groups = Math.min(MAX_GROUPS, superblock.groups());
  }

  /** The offset of inode {@code number}, which must be one of the first group's. */
  long inodeOffset(long number) throws IOException {
    if (number < 1 || number > superblock.inodesPerGroup()) {
      throw new MalformedContentException("inode " + number + " is not in the first group");
    }
    Excerpt first =
        probe.read(
            superblock.descriptorBlock(0) * superblock.blockSize(),
            superblock.descriptorSize(),
            ByteOrder.LITTLE_ENDIAN);
    long table = blockNumber(first, 0x8, 0x28);
    if (!isInside(table)) {
      throw new MalformedContentException("the first inode table is at block " + table);
    }
    return table * superblock.blockSize() + (number - 1) * superblock.inodeSize();
  }

  /** Names the used part of the inode tables, and the bitmaps. Reads all descriptors. */
  void findTables() throws IOException {
    int perBlock = superblock.descriptorsPerBlock();
    long metaGroups = Math.ceilDiv(groups, perBlock);
    for (long meta = 0; meta < metaGroups; ) {
      long block = superblock.descriptorBlock(meta);
      int run = 1;
      while (meta + run < metaGroups
          && (run + 1) * superblock.blockSize() <= Probe.MAX_READ
          && superblock.descriptorBlock(meta + run) == block + run) {
        run++;
      }
      int count = (int) Math.min((long) run * perBlock, groups - meta * perBlock);
      if (!isInside(block)) {
        throw new MalformedContentException("group descriptors are at block " + block);
      }
      Excerpt descriptors =
          probe.read(
              block * superblock.blockSize(),
              count * superblock.descriptorSize(),
              ByteOrder.LITTLE_ENDIAN);
      for (int at = 0; at < count; at += BATCH) {
        findTables(descriptors, at, Math.min(count, at + BATCH));
      }
      meta += run;
    }
  }

  /** Kind by kind, since the tables of one kind are neighbours and become one range. */
  private void findTables(Excerpt descriptors, int from, int to) throws IOException {
    int size = superblock.descriptorSize();
    for (int i = from; i < to; i++) {
      Excerpt descriptor = descriptors.part(i * size, size);
      important(blockNumber(descriptor, 0x8, 0x28), usedInodes(descriptor));
    }
    for (int i = from; i < to; i++) {
      Excerpt descriptor = descriptors.part(i * size, size);
      if (!isUnused(descriptor, INODE_UNINIT)) {
        important(blockNumber(descriptor, 0x4, 0x24), superblock.blockSize());
      }
    }
    for (int i = from; i < to; i++) {
      Excerpt descriptor = descriptors.part(i * size, size);
      if (!isUnused(descriptor, BLOCK_UNINIT)) {
        important(blockNumber(descriptor, 0x0, 0x20), superblock.blockSize());
      }
    }
  }

  private boolean isUnused(Excerpt descriptor, int flag) throws MalformedContentException {
    return superblock.knowsUnused() && (descriptor.u16(0x12) & flag) != 0;
  }

  /** Bytes of a group's inode table up to its last used inode, whole blocks. */
  private long usedInodes(Excerpt descriptor) throws MalformedContentException {
    long inodes = superblock.inodesPerGroup();
    if (isUnused(descriptor, INODE_UNINIT)) {
      inodes = 0;
    } else if (superblock.knowsUnused()) {
      long unused = descriptor.u16(0x1C);
      if (superblock.hasWideDescriptors()) {
        unused |= (long) descriptor.u16(0x32) << 16;
      }
      inodes = Math.max(0, inodes - unused);
    }
    long bytes = inodes * superblock.inodeSize();
    return Math.ceilDiv(bytes, superblock.blockSize()) * superblock.blockSize();
  }

  private long blockNumber(Excerpt descriptor, int low, int high) throws MalformedContentException {
    long number = descriptor.u32(low);
    return superblock.hasWideDescriptors() ? number | descriptor.u32(high) << 32 : number;
  }

  private boolean isInside(long block) {
    return block > 0 && block < superblock.blocks();
  }

  private void important(long block, long bytes) throws MalformedContentException {
    if (isInside(block)) {
      probe.important(block * superblock.blockSize(), bytes);
    }
  }
}
