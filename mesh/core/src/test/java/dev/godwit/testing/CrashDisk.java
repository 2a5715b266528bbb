package dev.godwit.testing;

import dev.godwit.backend.Backend;
import dev.godwit.backend.Extent;
import dev.godwit.backend.OutOfRangeException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Random;

/**
 * A disk in an array that keeps after a loss of power what was flushed, and of later writes
 * whatever it likes, sector by sector. When a flush fails it forgets what it should have written:
 * the next one succeeds without it, as on Linux.
 */
public final class CrashDisk implements Backend {
  private static final int SECTOR = 512;

  private final byte[] bytes;
  private byte[] durable;
  private final BitSet dirty = new BitSet();
  private final BitSet lost = new BitSet();
  private int failures;

  /** A disk that holds {@code contents}, durably. */
  public CrashDisk(byte[] contents) {
    this.bytes = contents.clone();
    this.durable = contents.clone();
  }

  /** Loses power: of each sector, the flushed or the newest contents remain. */
  public synchronized void crash(Random random) {
    for (int at = 0; at < bytes.length; at += SECTOR) {
      if (lost.get(at / SECTOR) || random.nextBoolean()) {
        int length = Math.min(SECTOR, bytes.length - at);
        System.arraycopy(durable, at, bytes, at, length);
      }
    }
    durable = bytes.clone();
    dirty.clear();
    lost.clear();
    failures = 0;
  }

  /** How many flushes will fail still. */
  public synchronized int failures() {
    return failures;
  }

  /** Makes the next {@code count} flushes fail. */
  public synchronized void failFlushes(int count) {
    failures = count;
  }

  @Override
  public long size() {
    return bytes.length;
  }

  @Override
  public synchronized void read(ByteBuffer dst, long offset) throws IOException {
    OutOfRangeException.check(offset, dst.remaining(), bytes.length);
    dst.put(bytes, (int) offset, dst.remaining());
  }

  @Override
  public synchronized void write(ByteBuffer src, long offset) throws IOException {
    OutOfRangeException.check(offset, src.remaining(), bytes.length);
    changed(offset, src.remaining());
    src.get(bytes, (int) offset, src.remaining());
  }

  @Override
  public synchronized void flush() throws IOException {
    if (failures > 0) {
      failures--;
      lost.or(dirty);
      dirty.clear();
      throw new IOException("the disk failed to flush");
    }
    for (int sector = dirty.nextSetBit(0); sector >= 0; sector = dirty.nextSetBit(sector + 1)) {
      int at = sector * SECTOR;
      System.arraycopy(bytes, at, durable, at, Math.min(SECTOR, bytes.length - at));
    }
    dirty.clear();
  }

  private void changed(long offset, long length) {
    int from = (int) (offset / SECTOR);
    int to = (int) Math.ceilDiv(offset + length, SECTOR);
    dirty.set(from, to);
    lost.clear(from, to);
  }

  @Override
  public synchronized void zero(long offset, long length, Holes holes) throws IOException {
    OutOfRangeException.check(offset, length, bytes.length);
    changed(offset, length);
    Arrays.fill(bytes, (int) offset, (int) (offset + length), (byte) 0);
  }

  @Override
  public void extents(long offset, long length, ExtentVisitor visitor) throws IOException {
    OutOfRangeException.check(offset, length, bytes.length);
    if (length > 0) {
      visitor.visit(offset, length, Extent.Kind.DATA);
    }
  }

  @Override
  public void close() {}
}
