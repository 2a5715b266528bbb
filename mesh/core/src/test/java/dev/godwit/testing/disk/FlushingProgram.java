package dev.godwit.testing.disk;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.backend.Backend;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A program that writes whole blocks and flushes, and knows what may be found of it after a loss of
 * power: of each block the last version that a flush has confirmed, or a later one.
 */
public final class FlushingProgram {
  private final int blockSize;
  private final List<List<Byte>> possible = new ArrayList<>();

  /** The last version of each block that a write has stored. */
  private final byte[] written;

  private byte version;
  private int refused;

  /** A program whose blocks are all zeroes. */
  public FlushingProgram(int blockSize, int blocks) {
    this.blockSize = blockSize;
    this.written = new byte[blocks];
    for (int block = 0; block < blocks; block++) {
      possible.add(new ArrayList<>(List.of((byte) 0)));
    }
  }

  /** Writes these blocks and flushes; gives up at the first refusal. */
  public void run(Backend device, int... blocks) {
    try {
      for (int block : blocks) {
        byte[] bytes = new byte[blockSize];
        Arrays.fill(bytes, ++version);
        possible.get(block).add(version);
        device.write(ByteBuffer.wrap(bytes), (long) block * blockSize);
        written[block] = version;
      }
      device.flush();
      for (int block = 0; block < written.length; block++) {
        List<Byte> values = possible.get(block);
        values.subList(0, values.indexOf(written[block])).clear();
      }
    } catch (IOException e) {
      refused++;
    }
  }

  /** How often it was told that something failed. */
  public int refused() {
    return refused;
  }

  /**
   * Fails unless everything that was confirmed is there.
   *
   * @param where for the message
   */
  public void check(byte[] found, String where) {
    for (int block = 0; block < written.length; block++) {
      for (int at = block * blockSize; at < (block + 1) * blockSize; at++) {
        assertTrue(
            possible.get(block).contains(found[at]),
            "block " + block + " has " + found[at] + " and not " + possible.get(block) + where);
      }
    }
  }
}
