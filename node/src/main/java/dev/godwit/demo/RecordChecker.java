package dev.godwit.demo;

import dev.godwit.backend.Backend;
import dev.godwit.demo.AckLog.Ack;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads moved state and says what is missing. In each place the last acknowledged record must be
 * there, or a later one that was not acknowledged any more; everything that the program never
 * touched must be as it was.
 */
public final class RecordChecker {
  /** How often at most it is told how far it is. */
  private static final int STEPS = 200;

  private final RecordFormat format = new RecordFormat();

  /** A checker. */
  public RecordChecker() {}

  /** Hears how far it is. */
  public interface Progress {
    /** So many bytes of the state have been read. */
    void checked(long done, long total);
  }

  /**
   * What was found.
   *
   * @param written acknowledged records
   * @param lost places whose last acknowledged record is missing or damaged
   * @param foreign blocks that changed although the program never wrote there
   */
  public record Report(long written, long lost, long foreign) {}

  /**
   * Checks.
   *
   * @param acks everything that was acknowledged, in any order
   * @param state the moved state
   * @param before the state as it was before the program began, or null when it was all zero
   * @param progress told now and then how many bytes have been read, from 0 on
   */
  public Report check(List<Ack> acks, Backend state, @Nullable Backend before, Progress progress)
      throws IOException {
    Map<Integer, RecordFormat.Key> last = new HashMap<>();
    for (Ack ack : acks) {
      last.merge(ack.slot(), ack.key(), (a, b) -> a.compareTo(b) > 0 ? a : b);
    }
    ByteBuffer block = ByteBuffer.allocateDirect(RecordFormat.BYTES);
    ByteBuffer original = ByteBuffer.allocateDirect(RecordFormat.BYTES);
    long lost = 0;
    long foreign = 0;
    long step = Math.max(RecordFormat.BYTES, state.size() / STEPS);
    long told = 0;
    for (long offset = 0; offset < state.size(); offset += RecordFormat.BYTES) {
      if (offset >= told) {
        progress.checked(offset, state.size());
        told += step;
      }
      int slot = (int) (offset / RecordFormat.BYTES);
      int length = (int) Math.min(RecordFormat.BYTES, state.size() - offset);
      state.read(block.clear().limit(length), offset);
      block.flip();
      RecordFormat.@Nullable Key expected = last.get(slot);
      if (expected != null) {
        lost += isThere(block, slot, expected) ? 0 : 1;
      } else if (slot % 2 == 0) {
        original.clear().limit(length);
        if (before == null) {
          zero(original);
        } else {
          before.read(original, offset);
        }
        foreign += block.equals(original.flip()) ? 0 : 1;
      }
    }
    return new Report(acks.size(), lost, foreign);
  }

  private boolean isThere(ByteBuffer block, int slot, RecordFormat.Key expected) {
    return block.remaining() == RecordFormat.BYTES
        && format.isWhole(block, slot)
        && RecordFormat.key(block).compareTo(expected) >= 0;
  }

  private static void zero(ByteBuffer buffer) {
    while (buffer.hasRemaining()) {
      buffer.put((byte) 0);
    }
  }
}
