package dev.godwit.session;

import dev.godwit.identity.NodeId;
import dev.godwit.stream.Interruption;
import dev.godwit.wire.Limits;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * How many answers with content may be under way at once, for each peer and in all. Each holds a
 * buffer until the peer has taken it, and a peer may never do so: then its own requests wait, and
 * nobody else's, as a peer that has none under way can always have one. Thread-safe.
 */
public final class AnswerBudget {
  /** What one answer may hold: its content, and the same compressed. */
  private static final long BYTES = 2L * Limits.STANDARD.content();

  /** More than this is of no use to a single peer. */
  private static final int MOST_PER_PEER = 96;

  private static final int LEAST = 8;

  /** Whoever asks has given up by then. */
  private static final Duration WAIT = Duration.ofMinutes(2);

  private final int perPeer;
  private final int all;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition returned = lock.newCondition();
  private final Map<NodeId, Account> accounts = new HashMap<>();
  private int inAll;

  /**
   * A budget.
   *
   * @param perPeer answers to one peer
   * @param all answers to everybody
   */
  AnswerBudget(int perPeer, int all) {
    this.perPeer = perPeer;
    this.all = all;
  }

  /**
   * A budget that leaves most of the memory to others.
   *
   * @param memory bytes that the process may use for buffers
   */
  public static AnswerBudget of(long memory) {
    int all = Math.clamp(memory / 4 / BYTES, LEAST, 1024);
    return new AnswerBudget(Math.min(MOST_PER_PEER, all / 4), all);
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

  /** How many answers are under way. */
  int inAll() {
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
    private int streams;
    private int waiting;
    private int used;

    private Account(NodeId peer) {
      this.peer = peer;
    }

    /**
     * Waits until the peer may have one more answer under way; {@link #giveBack} ends it.
     *
     * @throws IOException when that takes too long, or is interrupted
     */
    void take() throws IOException {
      lock.lock();
      waiting++;
      try {
        long left = WAIT.toNanos();
        while (used >= perPeer || (inAll >= all && used > 0)) {
          if (left <= 0) {
            throw new IOException("too many answers wait to be taken");
          }
          left = returned.awaitNanos(left);
        }
        inAll++;
        used++;
      } catch (InterruptedException e) {
        throw Interruption.passedOn("interrupted before an answer", e);
      } finally {
        waiting--;
        forgetIdle();
        lock.unlock();
      }
    }

    void giveBack() {
      lock.lock();
      try {
        inAll--;
        used--;
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

    /** Answers may still be under way when their stream has ended. */
    private void forgetIdle() {
      if (streams == 0 && used == 0 && waiting == 0) {
        boolean _ = accounts.remove(peer, this);
      }
    }
  }
}
