package dev.godwit.ticket;

import dev.godwit.identity.NodeId;
import dev.godwit.ticket.Redemption.Accepted;
import dev.godwit.ticket.Redemption.Reason;
import dev.godwit.ticket.Redemption.Refused;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;

/** A book that is forgotten with its process. */
public final class MemoryTicketBook implements TicketBook {

  private final ReentrantLock lock = new ReentrantLock();
  private final Map<TicketId, Line> lines = new TreeMap<>(Comparator.comparing(TicketId::value));

  /** Makes an empty book. */
  public MemoryTicketBook() {}

  private record Line(IssuedTicket ticket, State state) {}

  @Override
  public Ticket issue(Invitation invitation, SecureRandom random) {
    Ticket ticket = invitation.ticket(TicketId.random(random), TicketSecret.random(random));
    IssuedTicket issued = IssuedTicket.of(ticket, invitation);
    lock.lock();
    try {
      lines.put(ticket.id(), new Line(issued, new State.Open()));
    } finally {
      lock.unlock();
    }
    return ticket;
  }

  @Override
  public Redemption redeem(TicketId id, TicketSecret secret, NodeId joiner, Instant now) {
    lock.lock();
    try {
      Line line = lines.get(id);
      if (line == null) {
        return new Refused(Reason.UNKNOWN);
      }
      if (!line.ticket.hasSecret(secret)) {
        return new Refused(Reason.WRONG_SECRET);
      }
      Redemption answer = line.ticket.answer(line.state, joiner, now);
      if (answer instanceof Accepted) {
        lines.put(id, new Line(line.ticket, new State.Used(joiner)));
      }
      return answer;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Revocation revoke(TicketId id) {
    lock.lock();
    try {
      Line line = lines.get(id);
      if (line == null) {
        return Revocation.UNKNOWN;
      }
      lines.put(id, new Line(line.ticket, new State.Revoked()));
      return Revocation.REVOKED;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public List<Entry> list() {
    lock.lock();
    try {
      return lines.values().stream().map(line -> line.ticket.entry(line.state)).toList();
    } finally {
      lock.unlock();
    }
  }
}
