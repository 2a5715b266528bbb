package dev.godwit.seal;

import dev.godwit.identity.NodeId;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Remembers the messages of the recent past so that each is acted upon at most once. Safe for use
 * by many threads.
 */
public final class ReplayWindow {

  private final InstantSource clock;
  private final Duration window;
  private final int capacity;
  private final ReentrantLock lock = new ReentrantLock();
  private final Set<Key> seen = new HashSet<>();
  private final PriorityQueue<Message> byAge =
      new PriorityQueue<>(Comparator.comparing(Message::sentAt));

  /** What was forgotten was sent before this; it never goes back, even when the clock does. */
  private Instant horizon = Instant.MIN;

  /** Strangers take up at most one part in so many, and each of them one in so many of that. */
  private static final int PARTS = 2;

  private static final int STRANGER_PARTS = 64;

  private final Map<NodeId, Integer> strangers = new HashMap<>();
  private int ofStrangers;

  /** What is known of a sender. */
  public enum Standing {
    /** It may be anybody. */
    STRANGER,
    /** It has shown that it is welcome. */
    KNOWN
  }

  /** What to do with a message. */
  public enum Verdict {
    /** It is new: act upon it. */
    FRESH,
    /** It was here before. */
    REPEATED,
    /** It was sent longer ago than the window is long. */
    TOO_OLD,
    /** It was sent later than the window allows. */
    FROM_THE_FUTURE,
    /** As many messages as fit arrived within the window; it may be tried again later. */
    FULL
  }

  private record Key(NodeId sender, MessageId id) {}

  private record Message(Key key, Instant sentAt, Standing standing) {}

  /**
   * Makes an empty window.
   *
   * @param clock tells what is recent
   * @param window how far the sender's clock may be from this one, in both directions; positive
   * @param capacity the most messages to remember; positive
   */
  public ReplayWindow(InstantSource clock, Duration window, int capacity) {
    if (!window.isPositive() || capacity <= 0) {
      throw new IllegalArgumentException("A replay window has a positive duration and capacity.");
    }
    this.clock = clock;
    this.window = window;
    this.capacity = capacity;
  }

  /** Judges an opened message, and remembers it when it is fresh. */
  public Verdict admit(SealedBox.Opened message, Standing standing) {
    return admit(message.sender(), message.messageId(), message.sentAt(), standing);
  }

  /** Judges a message of one who is known, and remembers it when it is fresh. */
  public Verdict admit(NodeId sender, MessageId id, Instant sentAt) {
    return admit(sender, id, sentAt, Standing.KNOWN);
  }

  /** Judges a message, and remembers it when it is fresh. */
  public Verdict admit(NodeId sender, MessageId id, Instant sentAt, Standing standing) {
    Instant now = clock.instant();
    lock.lock();
    try {
      forgetBefore(now.minus(window));
      if (sentAt.isBefore(horizon)) {
        return Verdict.TOO_OLD;
      }
      if (sentAt.isAfter(now.plus(window))) {
        return Verdict.FROM_THE_FUTURE;
      }
      Key key = new Key(sender, id);
      if (seen.contains(key)) {
        return Verdict.REPEATED;
      }
      if (seen.size() >= capacity || (standing == Standing.STRANGER && isFullFor(sender))) {
        return Verdict.FULL;
      }
      seen.add(key);
      byAge.add(new Message(key, sentAt, standing));
      if (standing == Standing.STRANGER) {
        ofStrangers++;
        strangers.merge(sender, 1, Integer::sum);
      }
      return Verdict.FRESH;
    } finally {
      lock.unlock();
    }
  }

  /** So that those who are known find room whatever others send. */
  private boolean isFullFor(NodeId stranger) {
    int part = Math.max(1, capacity / PARTS);
    return ofStrangers >= part
        || strangers.getOrDefault(stranger, 0) >= Math.max(1, part / STRANGER_PARTS);
  }

  private void forget(Message message) {
    seen.remove(message.key);
    if (message.standing == Standing.STRANGER) {
      ofStrangers--;
      var _ =
          strangers.computeIfPresent(
              message.key.sender, (_, count) -> count == 1 ? null : count - 1);
    }
  }

  private void forgetBefore(Instant cutoff) {
    if (cutoff.isAfter(horizon)) {
      horizon = cutoff;
    }
    for (Message oldest = byAge.peek();
        oldest != null && oldest.sentAt.isBefore(horizon);
        oldest = byAge.peek()) {
      forget(oldest);
      byAge.remove();
    }
  }
}
