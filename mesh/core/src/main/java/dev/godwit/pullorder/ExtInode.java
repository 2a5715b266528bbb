package dev.godwit.pullorder;

import java.io.IOException;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Where the content of an inode lies. Source: the Linux kernel's {@code
 * Documentation/filesystems/ext4/inodes.rst} and {@code ifork.rst}. Of a file with a block map, as
 * ext2 and ext3 have them, only the twelve direct blocks are found.
 */
final class ExtInode {
  private static final int MAX_NODES = 16;
  private static final int MAX_RUNS = 1024;
  private static final int MAX_DEPTH = 5;

  private static final int INODE_BYTES = 128;
  private static final int MAP_AT = 0x28;
  private static final int MAP_BYTES = 60;
  private static final int DIRECT_BLOCKS = 12;
  private static final long FLAG_EXTENTS = 0x80000;
  private static final long FLAG_INLINE = 0x10000000;
  private static final int NODE_MAGIC = 0xF30A;
  private static final int NODE_ENTRY = 12;
  private static final int MAX_INITIALISED = 32768;

  /** Blocks of the file, from {@code inFile} on, that lie side by side from {@code onDisk} on. */
  private record Run(long inFile, long onDisk, long count) {}

  private final Probe probe;
  private final ExtSuperblock superblock;
  private final long size;
  private final List<Run> runs = new ArrayList<>();
  private int nodes;

  private ExtInode(Probe probe, ExtSuperblock superblock, long size) {
    this.probe = probe;
    this.superblock = superblock;
    this.size = size;
  }

  /** Reads the inode at {@code offset}, and the nodes of its extent tree. */
  static ExtInode read(Probe probe, ExtSuperblock superblock, long offset) throws IOException {
    Excerpt inode = probe.read(offset, INODE_BYTES, ByteOrder.LITTLE_ENDIAN);
    long size = inode.u32(0x4) | inode.u32(0x6C) << 32;
    if (size < 0) {
      throw new MalformedContentException("a file has a negative size");
    }
    ExtInode read = new ExtInode(probe, superblock, size);
    long flags = inode.u32(0x20);
    if ((flags & FLAG_EXTENTS) != 0) {
      read.node(inode.part(MAP_AT, MAP_BYTES), MAX_DEPTH);
    } else if ((flags & FLAG_INLINE) == 0) {
      for (int i = 0; i < DIRECT_BLOCKS; i++) {
        read.add(i, inode.u32(MAP_AT + 4 * i), 1);
      }
    }
    return read;
  }

  private void node(Excerpt node, int maxDepth) throws IOException {
    int depth = node.u16(6);
    if (node.u16(0) != NODE_MAGIC || depth > maxDepth) {
      throw new MalformedContentException("an extent tree has a node that is none");
    }
    int entries = node.u16(2);
    for (int i = 1; i <= entries; i++) {
      int at = i * NODE_ENTRY;
      if (depth == 0) {
        int length = node.u16(at + 4);
        long block = (long) node.u16(at + 6) << 32 | node.u32(at + 8);
        if (length <= MAX_INITIALISED) {
          add(node.u32(at), block, length);
        }
      } else {
        child((long) node.u16(at + 8) << 32 | node.u32(at + 4), depth - 1);
      }
    }
  }

  /** Each level is lower than the one above, and the number of nodes is limited: this ends. */
  private void child(long block, int maxDepth) throws IOException {
    if (++nodes > MAX_NODES || !isInside(block)) {
      throw new MalformedContentException("an extent tree is too large or leads nowhere");
    }
    int blockSize = superblock.blockSize();
    node(probe.read(block * blockSize, blockSize, ByteOrder.LITTLE_ENDIAN), maxDepth);
  }

  private void add(long inFile, long onDisk, long count) throws MalformedContentException {
    if (isInside(onDisk)) {
      if (runs.size() == MAX_RUNS) {
        throw new MalformedContentException("a file has more than " + MAX_RUNS + " extents");
      }
      runs.add(new Run(inFile, onDisk, Math.min(count, superblock.blocks() - onDisk)));
    }
  }

  private boolean isInside(long block) {
    return block > 0 && block < superblock.blocks();
  }

  /** Names what of the range, in whole blocks, has a place on the disk. */
  void findContent(long offset, long length) throws MalformedContentException {
    int blockSize = superblock.blockSize();
    long from = offset / blockSize;
    long to = Math.ceilDiv(Math.min(size, offset + length), blockSize);
    for (Run run : runs) {
      long start = Math.max(from, run.inFile);
      long end = Math.min(to, run.inFile + run.count);
      if (start < end) {
        long block = run.onDisk + (start - run.inFile);
        probe.important(block * blockSize, (end - start) * blockSize);
      }
    }
  }

  /** The offset on the disk of the file's first block, or -1 when it has none. */
  long begin() {
    for (Run run : runs) {
      if (run.inFile == 0) {
        return run.onDisk * superblock.blockSize();
      }
    }
    return -1;
  }
}
