package dev.godwit.hub;

import dev.godwit.identity.NodeId;
import dev.godwit.seal.SealedBox;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * What other nodes have sent to one node and it has not taken yet. Anybody may send, and the node
 * is not to blame for what others do: when there is too much of one sender, or in all, no more is
 * accepted, and the sender is told. Thread-safe; never blocks for long.
 */
final class Mailbag {
  private final int limit;
  private final int perSender;
  private final Queue<Letter> letters = new ArrayDeque<>();
  private final Map<NodeId, Integer> waiting = new HashMap<>();
  private int bytes;

  /** A message and whose it is; not a record, which would compare arrays. */
  private static final class Letter {
    private final NodeId from;
    private final byte[] message;

    Letter(NodeId from, byte[] message) {
      this.from = from;
      this.message = message;
    }
  }

  /**
   * An empty bag.
   *
   * @param limit how many bytes may wait; a quarter of it for one sender, but always one box
   */
  Mailbag(int limit) {
    this.limit = limit;
    this.perSender = Math.max(limit / 4, SealedBox.MAX_BOX_BYTES + 2 * Outlet.OVERHEAD);
  }

  /** Puts a message in if there is room for it; the array must not change any more. */
  synchronized Outlet.Offer put(NodeId from, byte[] message) {
    int size = message.length + Outlet.OVERHEAD;
    int before = waiting.getOrDefault(from, 0);
    if (before + size > perSender || bytes + size > limit) {
      return Outlet.Offer.LOST;
    }
    bytes += size;
    waiting.put(from, before + size);
    letters.add(new Letter(from, message));
    return Outlet.Offer.TAKEN;
  }

  /** Takes the oldest message out; null when there is none. */
  synchronized byte @Nullable [] poll() {
    Letter letter = letters.poll();
    if (letter == null) {
      return null;
    }
    int size = letter.message.length + Outlet.OVERHEAD;
    bytes -= size;
    var _ =
        waiting.computeIfPresent(letter.from, (_, before) -> before == size ? null : before - size);
    return letter.message;
  }

  /** How many bytes wait. */
  synchronized int bytes() {
    return bytes;
  }
}
