package dev.godwit.ticket;

import dev.godwit.membership.Grant;
import java.util.List;

/** The answer to a node that shows a ticket. */
public sealed interface Redemption {

  /**
   * The node may join.
   *
   * @param name the name that it gets
   * @param grants what it may do
   */
  record Accepted(String name, List<Grant> grants) implements Redemption {
    /** Copies the list. */
    public Accepted {
      grants = List.copyOf(grants);
    }
  }

  /** The node may not join. */
  record Refused(Reason reason) implements Redemption {}

  /** Why a node may not join. */
  enum Reason {
    /** No such ticket was issued here. */
    UNKNOWN,
    /** The ticket exists, but its secret is another one. */
    WRONG_SECRET,
    /** Another node used the ticket. */
    USED,
    /** The ticket's time is over. */
    EXPIRED,
    /** The ticket was taken back. */
    REVOKED
  }
}
