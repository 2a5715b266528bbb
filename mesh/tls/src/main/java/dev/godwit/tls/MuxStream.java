package dev.godwit.tls;

import dev.godwit.stream.Connection.Urgency;
import java.util.ArrayDeque;
import java.util.Deque;

/** A stream as the event loop knows it: what is to be sent, and what may be. Event loop only. */
final class MuxStream {
  private final Urgency urgency;
  private final Origin origin;
  private final StreamState state;
  private final TlsByteStream bytes;
  private final Deque<Outgoing> queue = new ArrayDeque<>();
  private long queued;
  private int id;
  private boolean finishing;

  /** Who opened it. */
  enum Origin {
    OURS,
    THEIRS
  }

  MuxStream(Urgency urgency, Origin origin, Multiplexer multiplexer, CreditBudget budget) {
    this.urgency = urgency;
    this.origin = origin;
    this.state = new StreamState(budget);
    this.bytes = new TlsByteStream(multiplexer, this, urgency);
  }

  Urgency urgency() {
    return urgency;
  }

  Origin origin() {
    return origin;
  }

  StreamState state() {
    return state;
  }

  /** The same stream as its users know it. Any thread. */
  TlsByteStream bytes() {
    return bytes;
  }

  /** The id, or 0 while the peer does not know of the stream. */
  int id() {
    return id;
  }

  void id(int given) {
    id = given;
  }

  /** Nothing comes after what is queued. */
  void finishAfterQueue() {
    finishing = true;
  }

  /** Whether it is time to end our direction. */
  boolean isReadyToFinish() {
    return finishing && queued == 0;
  }

  void add(Outgoing outgoing) {
    queue.add(outgoing);
    queued += outgoing.readable();
  }

  /** How many bytes the next frame can have; 0 when there is nothing to send or no credit. */
  int sendable() {
    return state.sendable(Math.min(queued, Frames.MAX_DATA));
  }

  /** Gets the parts of a frame. */
  @FunctionalInterface
  interface Parts {
    void part(Outgoing from, int count);
  }

  /** Takes {@code count} bytes off the queue, {@link #sendable} at most. */
  void take(int count, Parts parts) {
    state.sent(count);
    queued -= count;
    int left = count;
    while (left > 0) {
      Outgoing first = queue.element();
      int part = Math.min(left, first.readable());
      if (part == first.readable()) {
        queue.remove();
      }
      parts.part(first, part);
      left -= part;
    }
  }

  /** Drops what is queued. */
  void discard() {
    for (Outgoing outgoing : queue) {
      outgoing.discard();
    }
    queue.clear();
    queued = 0;
  }
}
