package dev.godwit.hub;

import com.google.protobuf.ByteString;
import dev.godwit.membership.Revocations;
import dev.godwit.signaling.HubProtocol;
import dev.godwit.signaling.proto.PublishRevocations;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Puts together the lists of revocations that come in pages. Anybody may send some, so all that is
 * unfinished together has a limit, and what does not go on, or takes longest when there is no room,
 * is dropped. Thread-safe.
 */
final class RevocationIntake {
  /** How long the next page is waited for. */
  static final Duration PATIENCE = Duration.ofSeconds(20);

  private final long capacity;
  private final InstantSource clock;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<Member, Part> parts = new HashMap<>();
  private long bytes;

  /**
   * What has come of a list.
   *
   * @param begun when its first page came
   * @param at when its last page came
   */
  private record Part(long version, int total, ByteString received, Instant begun, Instant at) {
    private boolean isOfSame(PublishRevocations page) {
      return version == page.getVersion() && total == page.getTotal();
    }

    boolean has(PublishRevocations page) {
      return isOfSame(page) && page.getOffset() + page.getPage().size() <= received.size();
    }

    boolean isFollowedBy(PublishRevocations page) {
      return isOfSame(page) && received.size() == page.getOffset();
    }
  }

  /** What a page has led to. */
  sealed interface Taken {
    /** More pages are to come. */
    record Unfinished() implements Taken {}

    /** That was the last one. */
    record Whole(ByteString encoded) implements Taken {}

    /** It does not fit to those before, or makes no sense. */
    record Unfit(String why) implements Taken {}
  }

  /**
   * An intake with nothing in it.
   *
   * @param capacity how many bytes all that is unfinished may have
   */
  RevocationIntake(long capacity, InstantSource clock) {
    this.capacity = capacity;
    this.clock = clock;
  }

  Taken take(Member from, PublishRevocations page) {
    int size = page.getPage().size();
    int total = page.getTotal();
    int offset = page.getOffset();
    if (size == 0 || size > HubProtocol.REVOCATIONS_PAGE_BYTES) {
      return new Taken.Unfit(
          "A page has 1 to " + HubProtocol.REVOCATIONS_PAGE_BYTES + " bytes, not " + size + ".");
    }
    if (total <= 0 || total > Revocations.MAX_BYTES || offset < 0 || offset > total - size) {
      return new Taken.Unfit(
          "A list of revocations has at most " + Revocations.MAX_BYTES + " bytes.");
    }
    lock.lock();
    try {
      return add(from, page);
    } finally {
      lock.unlock();
    }
  }

  private Taken add(Member from, PublishRevocations page) {
    Instant now = clock.instant();
    parts.values().removeIf(part -> isOver(part, now));
    Part before = parts.get(from);
    if (before != null && before.has(page)) {
      // A second publication of the same list, beside the first.
      return new Taken.Unfinished();
    }
    forget(from);
    ByteString received = ByteString.EMPTY;
    if (page.getOffset() > 0) {
      if (before == null || !before.isFollowedBy(page)) {
        return new Taken.Unfit("The page does not follow the one before: begin anew.");
      }
      received = before.received();
    }
    received = received.concat(page.getPage());
    if (received.size() == page.getTotal()) {
      return new Taken.Whole(received);
    }
    makeRoom(received.size());
    Instant begun = page.getOffset() == 0 || before == null ? now : before.begun();
    bytes += received.size();
    parts.put(from, new Part(page.getVersion(), page.getTotal(), received, begun, now));
    return new Taken.Unfinished();
  }

  /** Whoever has taken longest has to begin anew: what strangers leave unfinished lasts longest. */
  private void makeRoom(int wanted) {
    while (bytes + wanted > capacity && !parts.isEmpty()) {
      Member oldest =
          Collections.min(parts.entrySet(), Comparator.comparing(entry -> entry.getValue().begun()))
              .getKey();
      forget(oldest);
    }
  }

  private boolean isOver(Part part, Instant now) {
    boolean over = part.at().plus(PATIENCE).isBefore(now);
    if (over) {
      bytes -= part.received().size();
    }
    return over;
  }

  private void forget(Member from) {
    Part part = parts.remove(from);
    if (part != null) {
      bytes -= part.received().size();
    }
  }

  /** A node is gone. */
  void left(Member member) {
    lock.lock();
    try {
      forget(member);
    } finally {
      lock.unlock();
    }
  }

  /** How many bytes are unfinished. */
  long bytes() {
    lock.lock();
    try {
      return bytes;
    } finally {
      lock.unlock();
    }
  }
}
