package dev.godwit.webrtc.child;

import dev.godwit.webrtc.bridge.BridgeCost;
import java.util.ArrayDeque;

/**
 * The messages of one channel that the library holds. It tells only how many bytes those are; which
 * of them have left follows from their order. For one thread at a time.
 */
final class Outstanding {
  private final ArrayDeque<Integer> sizes = new ArrayDeque<>();
  private long bytes;
  private long left;

  /** A message was handed over. */
  void add(int size) {
    sizes.add(size);
    bytes += size;
  }

  /**
   * The library holds so many bytes now.
   *
   * @return the cost of everything that has left so far
   */
  long update(long buffered) {
    while (!sizes.isEmpty() && bytes - sizes.element() >= buffered) {
      int size = sizes.remove();
      bytes -= size;
      left += BridgeCost.of(size);
    }
    return left;
  }

  boolean isEmpty() {
    return sizes.isEmpty();
  }
}
