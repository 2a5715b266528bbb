package dev.godwit.mount;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.godwit.identity.NodeId;
import dev.godwit.log.StableLog;
import dev.godwit.migration.proto.LeaseEntry;
import dev.godwit.session.RemoteException;
import dev.godwit.wire.proto.Failure;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/**
 * The lease of one resource, kept by its owner: {@link LeaseRules} with a clock and a log. A change
 * is durable before anyone hears of it. After a restart of the owner the holder has the full time
 * again. Thread-safe; the lock is held while a change is made durable, which is rare.
 */
public final class LeaseBook implements Closeable {
  private final StableLog log;

  /** Whether the log has the lease; until somebody hears of it, there is nothing to remember. */
  private volatile boolean logged;

  private final Duration time;
  private final LongSupplier nanoTime;
  private final ReentrantLock changing = new ReentrantLock();
  private volatile Lease lease;
  private volatile long heard;

  /**
   * Reads the log.
   *
   * @param time how long a lease lasts after its holder was heard
   * @throws IOException when the log does not make sense
   */
  public LeaseBook(StableLog log, Duration time, LongSupplier nanoTime) throws IOException {
    this.log = log;
    this.time = time;
    this.nanoTime = nanoTime;
    List<byte[]> entries = log.entries();
    this.logged = !entries.isEmpty();
    this.lease = entries.isEmpty() ? new Lease.Free(0) : parse(entries.getLast());
    this.heard = nanoTime.getAsLong();
  }

  private static Lease parse(byte[] bytes) throws IOException {
    try {
      LeaseEntry entry = LeaseEntry.parseFrom(bytes);
      return entry.getMount().isEmpty()
          ? new Lease.Free(entry.getGeneration())
          : new Lease.Held(
              entry.getGeneration(),
              new MountId(entry.getMount()),
              NodeId.of(entry.getNode().toByteArray()),
              entry.getName());
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      throw new IOException("the log of leases is damaged: " + e.getMessage(), e);
    }
  }

  private void become(Lease next) throws IOException {
    LeaseEntry.Builder entry = LeaseEntry.newBuilder().setGeneration(next.generation());
    if (next instanceof Lease.Held held) {
      entry
          .setMount(held.mount().bytes())
          .setNode(ByteString.copyFrom(held.node().bytes()))
          .setName(held.name());
    }
    log.replace(entry.build().toByteArray());
    logged = true;
    lease = next;
  }

  /**
   * Makes durable what somebody is about to hear of. Without that, what a mount keeps could be
   * taken for unchanged after a later owner has begun to count anew.
   *
   * @throws IOException when that is not possible
   */
  void remember() throws IOException {
    changing.lock();
    try {
      if (!logged) {
        // The first generation that anybody hears of is 1; 0 is what who has none says.
        become(lease.generation() == 0 ? new Lease.Free(1) : lease);
      }
    } finally {
      changing.unlock();
    }
  }

  /** How long a lease lasts after its holder was heard. */
  Duration time() {
    return time;
  }

  /** The newest generation that nobody writes with any more. */
  long settled() {
    return switch (lease) {
      case Lease.Free free -> free.generation();
      case Lease.Held held -> held.generation() - 1;
    };
  }

  /** Whether nobody can have written since that generation, as far as leases tell. */
  boolean isUnchangedSince(long generation) {
    return lease instanceof Lease.Free && lease.generation() == generation;
  }

  /** How long the lease still binds others. */
  private Duration left() {
    return time.minusNanos(nanoTime.getAsLong() - heard);
  }

  /**
   * Gives the lease to somebody.
   *
   * @throws RemoteException when it cannot have it
   * @throws IOException when that could not be made durable
   */
  LeaseRules.Decision.Granted acquire(LeaseRules.Claim claim) throws IOException {
    changing.lock();
    try {
      return switch (LeaseRules.decide(lease, left(), claim)) {
        case LeaseRules.Decision.Granted granted -> {
          if (!granted.lease().equals(lease)) {
            become(granted.lease());
          }
          heard = nanoTime.getAsLong();
          yield granted;
        }
        case LeaseRules.Decision.Refused(Failure.Code code, String reason) ->
            throw new RemoteException(code, reason);
      };
    } finally {
      changing.unlock();
    }
  }

  /**
   * A holder is heard: its lease begins anew.
   *
   * @throws RemoteException when it is not the holder, or not any more
   */
  void renew(long generation, NodeId node) throws RemoteException {
    Lease now = lease;
    if (now.generation() < generation) {
      throw new RemoteException(
          Failure.Code.CONFLICT,
          "the owner is back with an older state than was mounted (generation "
              + now.generation()
              + " after "
              + generation
              + ")");
    }
    if (!(now instanceof Lease.Held held)
        || held.generation() != generation
        || !held.node().equals(node)) {
      throw new RemoteException(
          Failure.Code.CONFLICT, "another mount may write now, this one may not any more");
    }
    heard = nanoTime.getAsLong();
  }

  /**
   * A holder gives the lease back; nothing happens when it has not got it.
   *
   * @throws IOException when that could not be made durable
   */
  void release(long generation, NodeId node) throws IOException {
    changing.lock();
    try {
      if (lease instanceof Lease.Held held
          && held.generation() == generation
          && held.node().equals(node)) {
        become(new Lease.Free(generation));
      }
    } finally {
      changing.unlock();
    }
  }

  /**
   * The owner itself has written, or is about to: whoever knows an older generation has to look
   * again.
   *
   * @throws RemoteException when a mount may write now
   * @throws IOException when that could not be made durable
   */
  public void ownerWrites() throws IOException {
    changing.lock();
    try {
      Duration left = left();
      if (lease instanceof Lease.Held held && left.isPositive()) {
        throw new RemoteException(Failure.Code.BUSY, LeaseRules.busy(held, left));
      }
      Lease next = new Lease.Free(lease.generation() + 1);
      if (logged) {
        become(next);
      } else {
        lease = next;
      }
    } finally {
      changing.unlock();
    }
  }

  /**
   * Another state takes the place of the one that this was about: whoever holds a lease of that or
   * knows its generation has to begin anew.
   *
   * @throws IOException when that could not be made durable
   */
  public void outdate() throws IOException {
    changing.lock();
    try {
      become(new Lease.Free(lease.generation() + 1));
    } finally {
      changing.unlock();
    }
  }

  /** Whether a mount may write now. */
  public boolean isHeld() {
    changing.lock();
    try {
      return lease instanceof Lease.Held && left().isPositive();
    } finally {
      changing.unlock();
    }
  }

  @Override
  public void close() throws IOException {
    log.close();
  }
}
