package dev.godwit.internet;

/**
 * Which buffer's packet arrives next, of those on their way. Holds numbers of buffers only.
 * Allocates nothing after its construction. For one thread.
 *
 * <p>Packets in order and packets that overtake them are two queues, each of them sorted by itself.
 */
final class PacketQueue {
  private final Lane ordered;
  private final Lane overtaking;

  PacketQueue(int capacity) {
    this.ordered = new Lane(capacity);
    this.overtaking = new Lane(capacity);
  }

  boolean isEmpty() {
    return ordered.isEmpty() && overtaking.isEmpty();
  }

  /**
   * Adds a packet. There must be room, and its time must be as {@link LinkModel#admit} gives it.
   */
  void add(int buffer, int length, long arrival) {
    if (ordered.isEmpty() || arrival >= ordered.lastArrival()) {
      ordered.add(buffer, length, arrival);
    } else {
      overtaking.add(buffer, length, arrival);
    }
  }

  private Lane next() {
    if (overtaking.isEmpty()) {
      return ordered;
    }
    return ordered.isEmpty() || overtaking.arrival() < ordered.arrival() ? overtaking : ordered;
  }

  /** When the next one arrives; {@link Long#MAX_VALUE} when there is none. */
  long arrival() {
    Lane next = next();
    return next.isEmpty() ? Long.MAX_VALUE : next.arrival();
  }

  /** The next one's length. */
  int length() {
    return next().length();
  }

  /** Takes the next one out; there must be one. */
  int remove() {
    return next().remove();
  }

  /** A ring. */
  private static final class Lane {
    private final int mask;
    private final int[] buffers;
    private final int[] lengths;
    private final long[] arrivals;
    private int head;
    private int tail;

    Lane(int capacity) {
      int size = Integer.highestOneBit(Math.max(capacity, 2) - 1) << 1;
      this.mask = size - 1;
      this.buffers = new int[size];
      this.lengths = new int[size];
      this.arrivals = new long[size];
    }

    boolean isEmpty() {
      return head == tail;
    }

    long lastArrival() {
      return arrivals[(tail - 1) & mask];
    }

    long arrival() {
      return arrivals[head & mask];
    }

    int length() {
      return lengths[head & mask];
    }

    void add(int buffer, int length, long arrival) {
      if (tail - head > mask) {
        throw new IllegalStateException("more packets than buffers");
      }
      int at = tail++ & mask;
      buffers[at] = buffer;
      lengths[at] = length;
      arrivals[at] = arrival;
    }

    int remove() {
      return buffers[head++ & mask];
    }
  }
}
