package dev.godwit.ticket;

import dev.godwit.der.DerReader;
import dev.godwit.der.DerWriter;
import dev.godwit.der.MalformedDerException;
import dev.godwit.identity.NodeId;
import dev.godwit.identity.Octets;
import dev.godwit.membership.Grant;
import dev.godwit.membership.Label;
import dev.godwit.ticket.Redemption.Accepted;
import dev.godwit.ticket.Redemption.Reason;
import dev.godwit.ticket.Redemption.Refused;
import dev.godwit.ticket.TicketBook.Entry;
import dev.godwit.ticket.TicketBook.State;
import java.time.Instant;
import java.util.List;

/** What a book remembers of a ticket when it issues it, and the rules that follow from it. */
record IssuedTicket(
    TicketId id, Octets secretHash, String name, List<Grant> grants, Instant expiry) {

  static final int MAX_BYTES = 32 * 1024;

  private static final int VERSION = 1;
  private static final int HASH_BYTES = 32;

  static IssuedTicket of(Ticket ticket, Invitation invitation) {
    return new IssuedTicket(
        ticket.id(),
        ticket.secret().hash(),
        invitation.name(),
        invitation.grants(),
        ticket.expiry());
  }

  static IssuedTicket parse(TicketId id, byte[] encoded) throws MalformedDerException {
    DerReader in = DerReader.of(encoded, MAX_BYTES);
    in.integer(VERSION, VERSION);
    Octets secretHash = in.octets(HASH_BYTES);
    String name = in.text(Label.MAX_CHARS);
    List<Grant> grants = Grant.read(in);
    Instant expiry = in.instant();
    in.end();
    return new IssuedTicket(id, secretHash, name, grants, expiry);
  }

  byte[] encoded() {
    return new DerWriter()
        .integer(VERSION)
        .octets(secretHash)
        .text(name)
        .sequence(Grant.write(grants))
        .instant(expiry)
        .encoded();
  }

  Entry entry(State state) {
    return new Entry(id, name, grants, expiry, state);
  }

  boolean hasSecret(TicketSecret secret) {
    return secretHash.equals(secret.hash());
  }

  boolean isOpenAt(Instant now) {
    return now.isBefore(expiry);
  }

  /** The answer to a node that knows the secret, when the ticket's state is this. */
  Redemption answer(State state, NodeId joiner, Instant now) {
    return switch (state) {
      case State.Revoked() -> new Refused(Reason.REVOKED);
      case State.Open() -> isOpenAt(now) ? accepted() : new Refused(Reason.EXPIRED);
      case State.Used(NodeId user) when !user.equals(joiner) -> new Refused(Reason.USED);
      case State.Used(NodeId _) ->
          now.isBefore(expiry.plus(TicketBook.RETRY_PERIOD))
              ? accepted()
              : new Refused(Reason.EXPIRED);
    };
  }

  private Redemption accepted() {
    return new Accepted(name, grants);
  }
}
