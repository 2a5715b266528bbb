package dev.godwit.tls;

import dev.godwit.wire.ProtocolException;

/**
 * The two directions of a stream as the multiplexer sees them: what may be sent, what may come, and
 * which have ended. Does no I/O. For one thread.
 */
final class StreamState {
  private final ReceiveWindow window;
  private int credit = ReceiveWindow.INITIAL;
  private boolean finSent;
  private boolean finReceived;
  private boolean reset;

  StreamState(CreditBudget budget) {
    this.window = new ReceiveWindow(budget);
  }

  // What the peer says.

  /**
   * Bytes came.
   *
   * @throws ProtocolException when the peer has finished, or has no credit for as many
   */
  void received(int bytes) throws ProtocolException {
    if (finReceived) {
      throw new ProtocolException("bytes after the end of a stream");
    }
    window.received(bytes);
  }

  /**
   * The peer's direction ended.
   *
   * @throws ProtocolException when it had ended before
   */
  void finReceived() throws ProtocolException {
    if (finReceived) {
      throw new ProtocolException("a second end of a stream");
    }
    finReceived = true;
    endIfOver();
  }

  /**
   * The peer takes more.
   *
   * @param bytes positive
   * @throws ProtocolException when that would be more than 2^31-1
   */
  void creditReceived(int bytes) throws ProtocolException {
    if (bytes > Integer.MAX_VALUE - credit) {
      throw new ProtocolException("credit of " + ((long) credit + bytes) + " bytes");
    }
    credit += bytes;
  }

  /** Either side abandoned the stream. */
  void reset() {
    reset = true;
    endIfOver();
  }

  // What we do.

  /** How many of {@code wanted} bytes may be sent now. */
  int sendable(long wanted) {
    return reset || finSent ? 0 : (int) Math.min(wanted, credit);
  }

  /** Bytes were sent, no more than {@link #sendable}. */
  void sent(int bytes) {
    if (bytes > sendable(bytes)) {
      throw new IllegalStateException(bytes + " sent with a credit of " + credit);
    }
    credit -= bytes;
  }

  /** Our direction ended. */
  void finSent() {
    finSent = true;
    endIfOver();
  }

  /** Bytes that came need no room any more; returns the credit to give to the peer, or 0. */
  int consumed(int bytes) {
    return finReceived || reset ? 0 : window.consumed(bytes);
  }

  /** Whether nothing more will be sent or come. */
  boolean isOver() {
    return reset || (finSent && finReceived);
  }

  private void endIfOver() {
    if (isOver()) {
      window.close();
    }
  }
}
