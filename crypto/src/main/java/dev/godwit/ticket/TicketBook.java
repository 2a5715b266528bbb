package dev.godwit.ticket;

import dev.godwit.identity.NodeId;
import dev.godwit.membership.Grant;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * The tickets that one inviter issued. Each admits one node; a book never holds a secret, only its
 * hash. Implementations are safe for use by many threads.
 */
public interface TicketBook {

  /**
   * For how long after a ticket's expiry the node that used it in time gets its answer repeated: a
   * lost reply costs a retry, yet a used ticket does not renew a membership forever.
   */
  Duration RETRY_PERIOD = Duration.ofMinutes(10);

  /**
   * Writes a new ticket and remembers it.
   *
   * @throws IllegalArgumentException when the invitation breaks a rule of {@link Ticket} or {@link
   *     Grant}
   */
  Ticket issue(Invitation invitation, SecureRandom random) throws IOException;

  /**
   * Uses a ticket up. Of several nodes that try at the same time one is accepted; the same node may
   * ask again and is accepted again.
   */
  Redemption redeem(TicketId id, TicketSecret secret, NodeId joiner, Instant now)
      throws IOException;

  /** Takes a ticket back, used or not. Does not touch the membership that it led to. */
  Revocation revoke(TicketId id) throws IOException;

  /** All tickets, in the order of their ids. */
  List<Entry> list() throws IOException;

  /** What became of an attempt to take a ticket back. */
  enum Revocation {
    /** Nobody can use the ticket from now on. */
    REVOKED,
    /** No such ticket was issued here. */
    UNKNOWN
  }

  /**
   * A line of the book.
   *
   * @param id the ticket
   * @param name the name that the joiner gets
   * @param grants what the joiner may do
   * @param expiry the first moment at which the ticket is worth nothing
   * @param state what happened to it
   */
  record Entry(TicketId id, String name, List<Grant> grants, Instant expiry, State state) {
    /** Copies the list. */
    public Entry {
      grants = List.copyOf(grants);
    }
  }

  /** What happened to a ticket. */
  sealed interface State {
    /** Nothing yet; whether it expired, its expiry tells. */
    record Open() implements State {}

    /** This node was let in. */
    record Used(NodeId joiner) implements State {}

    /** It was taken back. */
    record Revoked() implements State {}
  }
}
