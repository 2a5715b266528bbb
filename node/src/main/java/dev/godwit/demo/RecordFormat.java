package dev.godwit.demo;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * The records that the demo's program writes: one block each, numbered and checksummed, so that
 * whoever reads one later knows whether it is whole, where it belongs and which one it is.
 *
 * <pre>
 *  0  magic      8 bytes
 *  8  epoch      4 bytes, how often the program was started before
 * 12  slot       4 bytes, the block that it belongs into
 * 16  number     8 bytes, counted in each epoch
 * 24  checksum   4 bytes, CRC-32C of everything else
 * 28  filling, made from the number
 * </pre>
 */
final class RecordFormat {
  /** Bytes of a record. */
  static final int BYTES = 4096;

  private static final long MAGIC = 0x476f64776974_5265L;
  private static final int CHECKSUM = 24;
  private static final int FILLING = 28;

  private final CRC32C crc = new CRC32C();

  /** What a record says about itself. Later records are greater. */
  record Key(int epoch, long number) implements Comparable<Key> {
    @Override
    public int compareTo(Key other) {
      return epoch != other.epoch
          ? Integer.compare(epoch, other.epoch)
          : Long.compare(number, other.number);
    }
  }

  /** Fills {@code buffer}, of {@link #BYTES}, with a record, ready to be written. */
  void fill(ByteBuffer buffer, int slot, Key key) {
    buffer.clear();
    buffer.putLong(MAGIC).putInt(key.epoch()).putInt(slot).putLong(key.number()).putInt(0);
    long filling = key.number() * 0x9E3779B97F4A7C15L + slot;
    while (buffer.remaining() >= 8) {
      filling ^= filling << 13;
      filling ^= filling >>> 7;
      filling ^= filling << 17;
      buffer.putLong(filling);
    }
    while (buffer.hasRemaining()) {
      buffer.put((byte) 0);
    }
    buffer.flip();
    buffer.putInt(CHECKSUM, checksum(buffer));
  }

  private int checksum(ByteBuffer record) {
    crc.reset();
    crc.update(record.duplicate().position(0).limit(CHECKSUM));
    crc.update(record.duplicate().position(FILLING).limit(BYTES));
    return (int) crc.getValue();
  }

  /** Whether {@code buffer}, from 0, holds a whole record that belongs into {@code slot}. */
  boolean isWhole(ByteBuffer buffer, int slot) {
    return buffer.getLong(0) == MAGIC
        && buffer.getInt(12) == slot
        && buffer.getInt(CHECKSUM) == checksum(buffer);
  }

  /** Which record it is. */
  static Key key(ByteBuffer buffer) {
    return new Key(buffer.getInt(8), buffer.getLong(16));
  }
}
