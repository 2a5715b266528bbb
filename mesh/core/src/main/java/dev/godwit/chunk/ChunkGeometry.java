package dev.godwit.chunk;

/**
 * How a resource is divided: into blocks, the unit of dirty tracking, and chunks, the unit of
 * transfer. The last block and the last chunk are as short as the size demands; a resource smaller
 * than one block has one short block and one short chunk.
 *
 * @param size bytes in the resource, not negative
 * @param blockSize bytes in a block, a power of two from 512 to 64 KiB
 * @param chunkSize bytes in a chunk, a power-of-two multiple of the block size, up to 4 MiB
 */
public record ChunkGeometry(long size, int blockSize, int chunkSize) {
  /** Block size when nobody chose: the page size of the machines we run on. */
  public static final int DEFAULT_BLOCK = 4096;

  /** Chunk size when nobody chose. */
  public static final int DEFAULT_CHUNK = 64 * 1024;

  private static final long MAX_SIZE = 1L << 52;
  private static final int MAX_CHUNK = 4 << 20;

  /** Checks the ranges above. */
  public ChunkGeometry {
    if (size < 0 || size > MAX_SIZE) {
      throw new IllegalArgumentException("size " + size + " is not between 0 and " + MAX_SIZE);
    }
    if (Integer.bitCount(blockSize) != 1 || blockSize < 512 || blockSize > 65536) {
      throw new IllegalArgumentException("block size " + blockSize);
    }
    if (Integer.bitCount(chunkSize) != 1 || chunkSize < blockSize || chunkSize > MAX_CHUNK) {
      throw new IllegalArgumentException("chunk size " + chunkSize);
    }
    if ((size + blockSize - 1) / blockSize > Integer.MAX_VALUE - 64) {
      throw new IllegalArgumentException("size " + size + " has too many blocks of " + blockSize);
    }
  }

  /** The default division of {@code size} bytes; larger blocks when there would be too many. */
  public static ChunkGeometry of(long size) {
    int block = DEFAULT_BLOCK;
    while (size / block >= 1L << 30 && block < 65536) {
      block <<= 1;
    }
    return new ChunkGeometry(size, block, Math.max(block, DEFAULT_CHUNK));
  }

  /** Number of blocks, the short last one included. */
  public int blocks() {
    return (int) ((size + blockSize - 1) / blockSize);
  }

  /** Number of chunks, the short last one included. */
  public long chunks() {
    return (size + chunkSize - 1) / chunkSize;
  }

  /** The block that holds the byte at {@code offset}. */
  public int blockAt(long offset) {
    return (int) (offset / blockSize);
  }

  /** The first block whose start is not below {@code offset}. */
  public int blockFrom(long offset) {
    return (int) ((offset + blockSize - 1) / blockSize);
  }

  /**
   * The number of leading blocks that lie wholly below {@code end}; the short last block counts as
   * whole when {@code end} is the size.
   */
  public int wholeBlocksBelow(long end) {
    return end == size ? blocks() : (int) (end / blockSize);
  }

  /** Offset of a block's first byte. */
  public long blockOffset(int block) {
    return (long) block * blockSize;
  }

  /** Bytes in the blocks {@code from} (inclusive) to {@code to} (exclusive). */
  public long bytes(int from, int to) {
    return Math.min(size, blockOffset(to)) - blockOffset(from);
  }

  /** Blocks in a full chunk. */
  public int blocksPerChunk() {
    return chunkSize / blockSize;
  }

  /** First block of the chunk that {@code block} is in. */
  public int chunkStart(int block) {
    return block - block % blocksPerChunk();
  }

  /** The block behind the last one of the chunk that {@code block} is in. */
  public int chunkEnd(int block) {
    return Math.min(blocks(), chunkStart(block) + blocksPerChunk());
  }
}
