package dev.godwit.hub;

import dev.godwit.identity.NodeId;
import dev.godwit.signaling.CircuitId;
import dev.godwit.signaling.RelayLimits;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Brings the two connections of a circuit together. Knows nothing of the bytes. Safe for use by
 * many event loops; the lock guards the book-keeping only.
 */
final class Relay {
  private final RelayLimits limits;
  private final FairShare share;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition emptied = lock.newCondition();
  private final Map<CircuitId, Entry> circuits = new HashMap<>();
  private final Map<NodeId, Integer> perNode = new HashMap<>();
  private boolean draining;

  /** A circuit of which at least one side is there. */
  private static final class Entry {
    private final Circuit circuit;
    private final RelayConnection first;
    private @Nullable RelayConnection second;

    Entry(Circuit circuit, RelayConnection first) {
      this.circuit = circuit;
      this.first = first;
    }
  }

  /**
   * What a connection finds.
   *
   * @param circuit its circuit
   * @param other who was there before; empty when it is the first
   */
  record Place(Circuit circuit, Optional<RelayConnection> other) {}

  /** Why there is no place. */
  static final class NoPlace extends Exception {
    private static final long serialVersionUID = 1L;
    private final transient RelayEnd end;

    NoPlace(RelayEnd end) {
      super(end.sentence());
      this.end = end;
    }

    RelayEnd end() {
      return end;
    }
  }

  Relay(RelayLimits limits) {
    this.limits = limits;
    this.share = new FairShare(limits.bytesPerSecond());
  }

  RelayLimits limits() {
    return limits;
  }

  FairShare share() {
    return share;
  }

  /**
   * Lets a connection in.
   *
   * @throws NoPlace when it may not
   */
  Place enter(RelayConnection connection, NodeId node, CircuitId id) throws NoPlace {
    lock.lock();
    try {
      Entry entry = circuits.get(id);
      if (entry != null && entry.second != null) {
        throw new NoPlace(
            new RelayEnd(RelayEnd.Kind.TAKEN, "Both places of this circuit are taken."));
      }
      if (entry == null && draining) {
        throw new NoPlace(new RelayEnd(RelayEnd.Kind.DRAINING, "The hub is about to be stopped."));
      }
      int open = perNode.getOrDefault(node, 0);
      if (limits.circuitsPerNode() > 0 && open >= limits.circuitsPerNode()) {
        throw new NoPlace(
            new RelayEnd(
                RelayEnd.Kind.TOO_MANY_CIRCUITS,
                "A node has at most " + limits.circuitsPerNode() + " relayed connections."));
      }
      perNode.put(node, open + 1);
      if (entry == null) {
        Circuit circuit = new Circuit(limits);
        circuits.put(id, new Entry(circuit, connection));
        return new Place(circuit, Optional.empty());
      }
      entry.second = connection;
      return new Place(entry.circuit, Optional.of(entry.first));
    } finally {
      lock.unlock();
    }
  }

  /** A connection that was let in is gone; its circuit is over. */
  void leave(NodeId node, CircuitId id, @Nullable Circuit circuit) {
    lock.lock();
    try {
      perNode.computeIfPresent(node, (who, open) -> open > 1 ? open - 1 : null);
      // The other side was here before, and a new circuit may have taken the name since.
      circuits.computeIfPresent(id, (name, entry) -> entry.circuit == circuit ? null : entry);
      if (circuits.isEmpty()) {
        emptied.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Circuits, those that wait for their other side included. */
  int circuits() {
    lock.lock();
    try {
      return circuits.size();
    } finally {
      lock.unlock();
    }
  }

  /** Lets no new circuit begin, and waits until the old ones are over, for so long at most. */
  void drain(long nanos) throws InterruptedException {
    lock.lock();
    try {
      draining = true;
      long left = nanos;
      while (!circuits.isEmpty() && left > 0) {
        left = emptied.awaitNanos(left);
      }
    } finally {
      lock.unlock();
    }
  }
}
