package dev.godwit.backend;

import java.util.BitSet;

/**
 * The holes of a file as somebody says, without a file system: counts how often it is asked and
 * through how many bytes it has to walk to find the answer. For one thread at a time.
 */
public final class WalkedFile implements SparseFile {
  /** Bytes that are a hole, or data, together. */
  public static final int BLOCK = 4096;

  private final BitSet data = new BitSet();
  private final int blocks;
  private long asked;
  private long walked;

  /** A file of that many bytes, a multiple of {@link #BLOCK}; all of it data. */
  public WalkedFile(long size) {
    blocks = Math.toIntExact(size / BLOCK);
    data.set(0, blocks);
  }

  /** How often it was asked where data or holes are. */
  public synchronized long asked() {
    return asked;
  }

  /** How many bytes lie between what was asked and what was answered. */
  public synchronized long walked() {
    return walked;
  }

  /** Somebody has written. */
  public synchronized void written(long offset, long length) {
    data.set((int) (offset / BLOCK), (int) Math.ceilDiv(offset + length, BLOCK));
  }

  /** Whether there is data in the block at {@code offset}. */
  public synchronized boolean isData(long offset) {
    return data.get((int) (offset / BLOCK));
  }

  @Override
  public synchronized long nextData(long from) {
    int found = data.nextSetBit((int) (from / BLOCK));
    return found < 0 ? answer(from, (long) blocks * BLOCK, -1) : answer(from, start(from, found));
  }

  @Override
  public synchronized long nextHole(long from) {
    return answer(from, start(from, Math.min(blocks, data.nextClearBit((int) (from / BLOCK)))));
  }

  private static long start(long from, int block) {
    return Math.max(from, (long) block * BLOCK);
  }

  private long answer(long from, long at) {
    return answer(from, at, at);
  }

  private long answer(long from, long at, long answer) {
    asked++;
    walked += at - from;
    return answer;
  }

  @Override
  public synchronized boolean punch(long offset, long length) {
    data.clear((int) Math.ceilDiv(offset, BLOCK), (int) ((offset + length) / BLOCK));
    return true;
  }

  @Override
  public void close() {}
}
