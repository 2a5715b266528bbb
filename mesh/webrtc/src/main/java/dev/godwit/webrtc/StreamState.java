package dev.godwit.webrtc;

import dev.godwit.webrtc.StreamMessage.Data;
import dev.godwit.webrtc.StreamMessage.Fin;
import dev.godwit.webrtc.StreamMessage.FinAck;
import dev.godwit.webrtc.StreamMessage.Reset;
import dev.godwit.webrtc.StreamMessage.StopSending;
import dev.godwit.webrtc.StreamMessage.Window;

/**
 * What one side of a stream knows about it: credit, ends and resets. Pure: it says what is to be
 * sent, and is told what came. Not thread-safe.
 */
final class StreamState {
  /** What either side may send before it hears anything, bytes. */
  static final int INITIAL_WINDOW = 256 * 1024;

  private static final long MAX_WINDOW = 1L << 31;

  private long sendCredit = INITIAL_WINDOW;
  private long receiveCredit = INITIAL_WINDOW;
  private int window = INITIAL_WINDOW;
  private int ungranted;
  private boolean finished;
  private boolean finishAcknowledged;
  private boolean ended;
  private int resetCode = -1;
  private boolean resetReceived;

  /** What to do about a message. */
  enum Reaction {
    /** Nothing more. */
    NONE,
    /** The payload is for the reader. */
    DELIVER,
    /** The peer's direction is at its end: tell the reader, and send {@link FinAck}. */
    END,
    /** The stream is reset: tell everybody, and send {@link Reset} with its code. */
    RESET_AND_SAY_SO
  }

  /** How many bytes the peer takes now. */
  long sendable() {
    return finished || isReset() ? 0 : sendCredit;
  }

  /** So many bytes are sent, no more than {@link #sendable}. */
  void sent(int bytes) {
    if (bytes > sendable()) {
      throw new IllegalArgumentException(bytes + " bytes for a credit of " + sendable());
    }
    sendCredit -= bytes;
  }

  /** Ends our direction; true when {@link Fin} is to be sent. */
  boolean finish() {
    if (finished || isReset()) {
      return false;
    }
    finished = true;
    return true;
  }

  /** Abandons the stream; true when {@link Reset} is to be sent. */
  boolean reset(int code) {
    if (isReset() || (finished && ended)) {
      return false;
    }
    resetCode = code;
    return true;
  }

  /**
   * Handles a message.
   *
   * @throws FramingException when the peer may not send that now
   */
  Reaction received(StreamMessage message) throws FramingException {
    return switch (message) {
      case Data data -> data(data.payload().remaining());
      case Fin fin -> {
        if (ended) {
          throw new FramingException("a second end");
        }
        ended = true;
        yield isReset() ? Reaction.NONE : Reaction.END;
      }
      case FinAck ack -> {
        if (!finished || finishAcknowledged) {
          throw new FramingException("an end is acknowledged that was not sent");
        }
        finishAcknowledged = true;
        yield Reaction.NONE;
      }
      case StopSending stop -> {
        if (isReset()) {
          yield Reaction.NONE;
        }
        resetCode = stop.code();
        yield Reaction.RESET_AND_SAY_SO;
      }
      case Reset reset -> {
        resetReceived = true;
        if (isReset()) {
          yield Reaction.NONE;
        }
        resetCode = reset.code();
        yield Reaction.RESET_AND_SAY_SO;
      }
      case Window more -> {
        sendCredit += more.credit();
        if (sendCredit > MAX_WINDOW) {
          throw new FramingException("a window of " + sendCredit + " bytes");
        }
        yield Reaction.NONE;
      }
    };
  }

  private Reaction data(int bytes) throws FramingException {
    if (ended) {
      throw new FramingException("data after the end");
    }
    if (bytes > receiveCredit) {
      throw new FramingException(bytes + " bytes of data for a window of " + receiveCredit);
    }
    receiveCredit -= bytes;
    return isReset() ? Reaction.NONE : Reaction.DELIVER;
  }

  /** The channel is closed; true when that resets the stream, with code 0. */
  boolean channelClosed() {
    if (isReset() || (finished && ended)) {
      return false;
    }
    resetCode = 0;
    resetReceived = true;
    return true;
  }

  /**
   * The reader has taken so many bytes.
   *
   * @return by how much the peer's window is to grow, or 0
   */
  int consumed(int bytes) {
    ungranted += bytes;
    return ungranted < window / 4 ? 0 : grant();
  }

  /**
   * Lets the peer send so many bytes more ahead of the reader.
   *
   * @return by how much the peer's window is to grow, or 0
   */
  int widen(int bytes) {
    window += bytes;
    ungranted += bytes;
    return grant();
  }

  private int grant() {
    if (ended || isReset()) {
      return 0;
    }
    int credit = ungranted;
    ungranted = 0;
    receiveCredit += credit;
    return credit;
  }

  boolean isFinished() {
    return finished;
  }

  boolean isEnded() {
    return ended;
  }

  boolean isReset() {
    return resetCode >= 0;
  }

  /** The code of the reset, or -1. */
  int resetCode() {
    return resetCode;
  }

  /** Whether nothing more can come or go, so that the channel is for the next stream. */
  boolean isOver() {
    return isReset() ? resetReceived : finishAcknowledged && ended;
  }
}
