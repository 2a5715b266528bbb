package dev.godwit.run;

import dev.godwit.backend.Backend;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What a program knows of its state: each block has a number, greater at every write. After a flush
 * a block must have its number for ever; of what was written since, any may be there after a crash.
 * For one thread.
 */
final class NumberedBlocks {
  /** Bytes of a block. */
  static final int BYTES = 4096;

  private static final long MAGIC = 0x6e756d6265726564L;
  private static final int AT_ONCE = 256;

  private final int count;
  private final long[] flushed;
  private final Map<Integer, List<Long>> written = new HashMap<>();
  private final ByteBuffer block = ByteBuffer.allocateDirect(BYTES);
  private final ByteBuffer expected = ByteBuffer.allocateDirect(BYTES);
  private long number;
  private long flushes;

  NumberedBlocks(int count) {
    this.count = count;
    this.flushed = new long[count];
  }

  /** How many blocks there are. */
  int count() {
    return count;
  }

  /** How often a flush was confirmed. */
  long flushes() {
    return flushes;
  }

  /** Gives every block its first number. */
  void fill(Backend device) throws IOException {
    for (int i = 0; i < count; i++) {
      write(device, i);
    }
    flush(device);
  }

  /** Writes a block anew. */
  void write(Backend device, int index) throws IOException {
    long next = ++number;
    // First: whether it is there is not known when the device fails.
    written.computeIfAbsent(index, _ -> new ArrayList<>()).add(next);
    content(block, index, next);
    device.write(block, (long) index * BYTES);
  }

  /** From now on everything that was written is there for ever. */
  void flush(Backend device) throws IOException {
    device.flush();
    written.forEach((index, numbers) -> flushed[index] = numbers.getLast());
    written.clear();
    flushes++;
  }

  private static void content(ByteBuffer into, int index, long number) {
    into.clear();
    into.putLong(MAGIC).putLong(number).putLong(index);
    long filling = number * 0x9E3779B97F4A7C15L + index;
    while (into.hasRemaining()) {
      filling ^= filling << 13;
      filling ^= filling >>> 7;
      filling ^= filling << 17;
      into.putLong(filling);
    }
    into.flip();
  }

  /**
   * Compares a device with what is known.
   *
   * @return what is wrong, a few cases of it
   */
  List<String> check(Backend device) throws IOException {
    List<String> complaints = new ArrayList<>();
    ByteBuffer piece = ByteBuffer.allocateDirect(AT_ONCE * BYTES);
    for (int from = 0; from < count; from += AT_ONCE) {
      int blocks = Math.min(AT_ONCE, count - from);
      device.read(piece.clear().limit(blocks * BYTES), (long) from * BYTES);
      for (int i = 0; i < blocks && complaints.size() < 5; i++) {
        check(from + i, piece.slice(i * BYTES, BYTES), complaints);
      }
    }
    return complaints;
  }

  private void check(int index, ByteBuffer found, List<String> complaints) {
    long there = found.getLong(8);
    content(expected, index, there);
    List<Long> possible = written.getOrDefault(index, List.of());
    if (!found.equals(expected)) {
      complaints.add("block " + index + " is damaged");
    } else if (there != flushed[index] && !possible.contains(there)) {
      complaints.add(
          "block "
              + index
              + " has number "
              + there
              + " and not "
              + flushed[index]
              + ", nor one of "
              + possible);
    } else if (there == flushed[index]) {
      var _ = written.remove(index);
    } else {
      // It may still be lost, but not to one that was overwritten.
      var _ = written.put(index, new ArrayList<>(List.of(there)));
    }
  }
}
