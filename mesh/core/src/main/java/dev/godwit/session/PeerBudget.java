package dev.godwit.session;

import dev.godwit.identity.NodeId;
import dev.godwit.stream.Interruption;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * How much of something may be in use at once, for each peer and in all. A peer may hold what it
 * has for ever: then its own calls wait, and nobody else's, as a peer that holds nothing can always
 * have one piece. Those of one peer that wait are served in their order. Thread-safe.
 */
final class PeerBudget {
  /** Whoever asks has given up by then. */
  private static final Duration WAIT = Duration.ofMinutes(2);

  private final String what;
  private final long perPeer;
  private final long all;
  private final Duration wait;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition returned = lock.newCondition();
  private final Map<NodeId, Account> accounts = new HashMap<>();
  private long inAll;

  /**
   * A budget.
   *
   * @param what it is of, for messages
   * @param perPeer most for one peer
   * @param all most for everybody
   */
  PeerBudget(String what, long perPeer, long all) {
    this(what, perPeer, all, WAIT);
  }

  /**
   * As the other one.
   *
   * @param wait how long one piece is waited for
   */
  PeerBudget(String what, long perPeer, long all, Duration wait) {
    this.what = what;
    this.perPeer = perPeer;
    this.all = all;
    this.wait = wait;
  }

  /** The account of a peer, for one of its streams; to be closed with it. */
  Account open(NodeId peer) {
    lock.lock();
    try {
      Account account = accounts.computeIfAbsent(peer, Account::new);
      account.streams++;
      return account;
    } finally {
      lock.unlock();
    }
  }

  /** How much is in use. */
  long inAll() {
    lock.lock();
    try {
      return inAll;
    } finally {
      lock.unlock();
    }
  }

  /** What one peer has. Thread-safe. */
  final class Account implements AutoCloseable {
    private final NodeId peer;
    private final Queue<Thread> waiting = new ArrayDeque<>();
    private int streams;
    private long used;

    private Account(NodeId peer) {
      this.peer = peer;
    }

    /**
     * Waits until the peer may have so much more; {@link #giveBack} ends it.
     *
     * @throws IOException when that takes too long, or is interrupted
     */
    void take(long amount) throws IOException {
      lock.lock();
      try {
        if (!waiting.isEmpty() || !fits(amount)) {
          awaitTurn(amount);
        }
        inAll += amount;
        used += amount;
      } catch (InterruptedException e) {
        throw Interruption.passedOn("interrupted while waiting for " + what, e);
      } finally {
        forgetIdle();
        lock.unlock();
      }
    }

    private boolean fits(long amount) {
      return used == 0 || (used + amount <= perPeer && inAll + amount <= all);
    }

    private void awaitTurn(long amount) throws IOException, InterruptedException {
      Thread self = Thread.currentThread();
      waiting.add(self);
      try {
        long left = wait.toNanos();
        while (!self.equals(waiting.peek()) || !fits(amount)) {
          if (left <= 0) {
            throw new IOException("the peer holds too many " + what);
          }
          left = returned.awaitNanos(left);
        }
      } finally {
        boolean _ = waiting.remove(self);
        // The next one may fit as well.
        returned.signalAll();
      }
    }

    void giveBack(long amount) {
      lock.lock();
      try {
        inAll -= amount;
        used -= amount;
        forgetIdle();
        returned.signalAll();
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void close() {
      lock.lock();
      try {
        streams--;
        forgetIdle();
      } finally {
        lock.unlock();
      }
    }

    /** Something may still be in use when its stream has ended. */
    private void forgetIdle() {
      if (streams == 0 && used == 0 && waiting.isEmpty()) {
        boolean _ = accounts.remove(peer, this);
      }
    }
  }
}
