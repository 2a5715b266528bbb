package dev.godwit.tls;

import dev.godwit.wire.ProtocolException;

/**
 * How much the peer may send on a stream. Begins small; grows with the first bytes that are read,
 * if the connection's budget has room. Credit is given in steps of half a window at least. For one
 * thread.
 */
final class ReceiveWindow {
  /** The credit that a stream begins with, bytes. */
  static final int INITIAL = 256 * 1024;

  /** The window of a stream that is read, bytes. */
  static final int FULL = 16 << 20;

  private final CreditBudget budget;
  private int size = INITIAL;

  /** What the peer may still send. */
  private int credit = INITIAL;

  /** What came and was not consumed. */
  private int unread;

  ReceiveWindow(CreditBudget budget) {
    this.budget = budget;
  }

  /**
   * The peer sent this much.
   *
   * @throws ProtocolException when that is more than it may
   */
  void received(int bytes) throws ProtocolException {
    if (bytes > credit) {
      throw new ProtocolException(bytes + " bytes with a credit of " + credit);
    }
    credit -= bytes;
    unread += bytes;
  }

  /**
   * This much of what came needs no room any more.
   *
   * @return the credit to give to the peer now; 0 for none
   */
  int consumed(int bytes) {
    if (bytes > unread) {
      throw new IllegalStateException(bytes + " consumed of " + unread);
    }
    unread -= bytes;
    if (size == INITIAL && budget.take(FULL - INITIAL)) {
      size = FULL;
    }
    int room = size - unread - credit;
    if (room < size / 2) {
      return 0;
    }
    credit += room;
    return room;
  }

  /** The peer sends nothing more. */
  void close() {
    budget.giveBack(size - INITIAL);
    size = INITIAL;
  }

  /** What the peer may still send, bytes. */
  int credit() {
    return credit;
  }

  /** What came and was not consumed, bytes. */
  int unread() {
    return unread;
  }
}
