package dev.godwit.ticket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.godwit.identity.HubFingerprint;
import dev.godwit.identity.Identity;
import dev.godwit.identity.NodeId;
import dev.godwit.membership.Capability;
import dev.godwit.membership.Grant;
import dev.godwit.membership.MeshKey;
import dev.godwit.ticket.Redemption.Accepted;
import dev.godwit.ticket.Redemption.Reason;
import dev.godwit.ticket.Redemption.Refused;
import dev.godwit.ticket.TicketBook.Revocation;
import dev.godwit.ticket.TicketBook.State;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** What every book does. */
abstract class TicketBookContract {

  static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
  static final Instant EXPIRY = NOW.plus(Duration.ofHours(1));

  final SecureRandom random = new SecureRandom();
  final NodeId joiner = Identity.generate(random).id();
  private final NodeId other = Identity.generate(random).id();
  private final List<Grant> grants = List.of(new Grant("vm-*", Set.of(Capability.READ)));
  private final Redemption accepted = new Accepted("laptop", grants);

  /** The book under test; every call gives one that knows what the others of the test know. */
  abstract TicketBook book();

  @Test
  void aTicketLetsItsBearerIn() throws IOException {
    Ticket ticket = issue();
    assertEquals(accepted, redeem(ticket, joiner, NOW));
  }

  @Test
  void theSameNodeGetsTheSameAnswerAgain() throws IOException {
    Ticket ticket = issue();
    assertEquals(accepted, redeem(ticket, joiner, NOW));
    assertEquals(accepted, redeem(ticket, joiner, NOW.plusSeconds(1)));
    assertEquals(accepted, redeem(ticket, joiner, EXPIRY));
  }

  @Test
  void aRetryDoesNotWorkForever() throws IOException {
    Ticket ticket = issue();
    redeem(ticket, joiner, NOW);
    assertRefused(Reason.EXPIRED, redeem(ticket, joiner, EXPIRY.plus(TicketBook.RETRY_PERIOD)));
  }

  @Test
  void anotherNodeIsRefusedAfterwards() throws IOException {
    Ticket ticket = issue();
    redeem(ticket, joiner, NOW);
    assertRefused(Reason.USED, redeem(ticket, other, NOW));
    assertEquals(accepted, redeem(ticket, joiner, NOW));
  }

  @Test
  void aWrongSecretIsRefusedAndUsesNothingUp() throws IOException {
    Ticket ticket = issue();
    assertRefused(
        Reason.WRONG_SECRET, book().redeem(ticket.id(), TicketSecret.random(random), other, NOW));
    assertEquals(accepted, redeem(ticket, joiner, NOW));
    assertRefused(
        Reason.WRONG_SECRET, book().redeem(ticket.id(), TicketSecret.random(random), joiner, NOW));
  }

  @Test
  void anUnknownTicketIsRefused() throws IOException {
    Ticket ticket = issue();
    assertRefused(
        Reason.UNKNOWN, book().redeem(TicketId.random(random), ticket.secret(), joiner, NOW));
  }

  @Test
  void anExpiredTicketIsRefused() throws IOException {
    Ticket ticket = issue();
    assertRefused(Reason.EXPIRED, redeem(ticket, joiner, EXPIRY));
    assertEquals(accepted, redeem(ticket, joiner, EXPIRY.minusMillis(1)));
  }

  @Test
  void aRevokedTicketIsRefusedUsedOrNot() throws IOException {
    Ticket unused = issue();
    Ticket used = issue();
    redeem(used, joiner, NOW);
    for (Ticket ticket : List.of(unused, used)) {
      assertEquals(Revocation.REVOKED, book().revoke(ticket.id()));
      assertEquals(Revocation.REVOKED, book().revoke(ticket.id()));
      assertRefused(Reason.REVOKED, redeem(ticket, joiner, NOW));
    }
  }

  @Test
  void anUnknownTicketCanNotBeRevoked() throws IOException {
    assertEquals(Revocation.UNKNOWN, book().revoke(TicketId.random(random)));
  }

  @Test
  void theListTellsWhatHappened() throws IOException {
    assertEquals(List.of(), book().list());
    Ticket open = issue();
    Ticket used = issue();
    Ticket revoked = issue();
    redeem(used, joiner, NOW);
    book().revoke(revoked.id());
    List<TicketBook.Entry> entries = book().list();
    assertEquals(3, entries.size());
    for (TicketBook.Entry entry : entries) {
      assertEquals("laptop", entry.name());
      assertEquals(grants, entry.grants());
      assertEquals(EXPIRY, entry.expiry());
      State expected =
          entry.id().equals(open.id())
              ? new State.Open()
              : entry.id().equals(used.id()) ? new State.Used(joiner) : new State.Revoked();
      assertEquals(expected, entry.state());
    }
  }

  @Test
  void everyTicketDiffers() throws IOException {
    Ticket one = issue();
    Ticket two = issue();
    assertNotEquals(one.id(), two.id());
    assertNotEquals(one.secret(), two.secret());
  }

  @Test
  void wrongInvitationsAreRefused() {
    List<Grant> tooMany = Collections.nCopies(Grant.MAX_GRANTS + 1, grants.getFirst());
    assertThrows(IllegalArgumentException.class, () -> invitation("Laptop", grants));
    assertThrows(IllegalArgumentException.class, () -> invitation("laptop", tooMany));
  }

  @Test
  void ofManyNodesAtTheSameTimeOneIsAccepted() throws Exception {
    for (int round = 0; round < 20; round++) {
      Ticket ticket = issue();
      int nodes = 8;
      CountDownLatch start = new CountDownLatch(nodes);
      List<Future<Redemption>> running = new ArrayList<>();
      try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
        for (int i = 0; i < nodes; i++) {
          TicketBook own = book();
          NodeId node = Identity.generate(random).id();
          running.add(
              threads.submit(
                  () -> {
                    start.countDown();
                    start.await();
                    return own.redeem(ticket.id(), ticket.secret(), node, NOW);
                  }));
        }
      }
      List<Redemption> winners = new ArrayList<>();
      for (Future<Redemption> one : running) {
        if (!one.get().equals(new Refused(Reason.USED))) {
          winners.add(one.get());
        }
      }
      assertEquals(List.of(accepted), winners);
    }
  }

  final Ticket issue() throws IOException {
    return book().issue(invitation("laptop", grants), random);
  }

  private Redemption redeem(Ticket ticket, NodeId node, Instant now) throws IOException {
    return book().redeem(ticket.id(), ticket.secret(), node, now);
  }

  private Invitation invitation(String name, List<Grant> some) {
    return new Invitation(
        MeshKey.generate(random).id(),
        "home",
        Identity.generate(random).id(),
        List.of("hub:443"),
        HubFingerprint.of(new byte[32]),
        name,
        some,
        EXPIRY);
  }

  private static void assertRefused(Reason reason, Redemption redemption) {
    assertEquals(new Refused(reason), redemption);
  }
}
