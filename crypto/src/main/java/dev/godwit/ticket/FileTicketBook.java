package dev.godwit.ticket;

import dev.godwit.der.MalformedDerException;
import dev.godwit.identity.NodeId;
import dev.godwit.identity.PrivateFile;
import dev.godwit.ticket.Redemption.Accepted;
import dev.godwit.ticket.Redemption.Reason;
import dev.godwit.ticket.Redemption.Refused;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * A book in a directory that several processes may use at the same time. Each ticket is a file
 * {@code ID.ticket}; {@code ID.used} holds the node that used it and {@code ID.revoked} says that
 * it was taken back. Files are created atomically and never changed: the creation of {@code
 * ID.used} is what decides between several nodes, and it is on stable storage before anyone is
 * accepted.
 */
public final class FileTicketBook implements TicketBook {

  private static final String TICKET = ".ticket";
  private static final String USED = ".used";
  private static final String REVOKED = ".revoked";

  private final Path dir;

  /** Uses this directory; it is created, for the owner alone, when the first ticket is issued. */
  public FileTicketBook(Path dir) {
    this.dir = dir;
  }

  @Override
  public Ticket issue(Invitation invitation, SecureRandom random) throws IOException {
    Ticket ticket = invitation.ticket(TicketId.random(random), TicketSecret.random(random));
    Path file = file(ticket.id(), TICKET);
    byte[] content = IssuedTicket.of(ticket, invitation).encoded();
    if (PrivateFile.create(file, content) == PrivateFile.Creation.EXISTED) {
      throw new IOException(file + " exists already although its name is random.");
    }
    return ticket;
  }

  @Override
  public Redemption redeem(TicketId id, TicketSecret secret, NodeId joiner, Instant now)
      throws IOException {
    if (!Files.exists(file(id, TICKET))) {
      return new Refused(Reason.UNKNOWN);
    }
    IssuedTicket ticket = read(id);
    if (!ticket.hasSecret(secret)) {
      return new Refused(Reason.WRONG_SECRET);
    }
    State before = state(id);
    Redemption answer = ticket.answer(before, joiner, now);
    if (!(answer instanceof Accepted) || before instanceof State.Used) {
      return answer;
    }
    // Whoever creates the file wins. What is there now, made by whomever, is the answer to all.
    PrivateFile.create(file(id, USED), joiner.bytes());
    return ticket.answer(state(id), joiner, now);
  }

  @Override
  public Revocation revoke(TicketId id) throws IOException {
    if (!Files.exists(file(id, TICKET))) {
      return Revocation.UNKNOWN;
    }
    // That the file was there before is as good.
    PrivateFile.create(file(id, REVOKED), new byte[0]);
    return Revocation.REVOKED;
  }

  @Override
  public List<Entry> list() throws IOException {
    List<Entry> entries = new ArrayList<>();
    if (!Files.exists(dir)) {
      return entries;
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(dir, "*" + TICKET)) {
      for (Path file : files) {
        TicketId id = idOf(file);
        entries.add(read(id).entry(state(id)));
      }
    }
    entries.sort(Comparator.comparing(entry -> entry.id().value()));
    return List.copyOf(entries);
  }

  private static TicketId idOf(Path file) throws IOException {
    String name = String.valueOf(file.getFileName());
    try {
      return TicketId.parse(name.substring(0, name.length() - TICKET.length()));
    } catch (IllegalArgumentException e) {
      throw new IOException(file + " does not belong into a ticket book.", e);
    }
  }

  private IssuedTicket read(TicketId id) throws IOException {
    Path file = file(id, TICKET);
    try {
      return IssuedTicket.parse(id, PrivateFile.read(file, IssuedTicket.MAX_BYTES));
    } catch (MalformedDerException e) {
      throw new IOException(file + " is damaged: " + e.getMessage(), e);
    }
  }

  private State state(TicketId id) throws IOException {
    if (Files.exists(file(id, REVOKED))) {
      return new State.Revoked();
    }
    Path used = file(id, USED);
    if (!Files.exists(used)) {
      return new State.Open();
    }
    try {
      return new State.Used(NodeId.of(PrivateFile.read(used, NodeId.BYTES)));
    } catch (IllegalArgumentException e) {
      throw new IOException(used + " is damaged: " + e.getMessage(), e);
    }
  }

  private Path file(TicketId id, String suffix) {
    return dir.resolve(id + suffix);
  }
}
