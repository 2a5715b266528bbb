package dev.godwit.testnetwork;

import static dev.godwit.testnetwork.World.PATIENCE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.godwit.cli.ExitStatus;
import dev.godwit.demo.ChildProcess;
import dev.godwit.node.MeshFounding;
import dev.godwit.testing.Patience;
import dev.godwit.ticket.Ticket;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Tickets that do not work. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TicketTest {
  private World world;
  private Member alice;
  private ChildProcess inviter;

  /** The shortest validity is a minute, in which the other tests can be done. */
  private ChildProcess unused;

  @BeforeAll
  void begin(@TempDir Path directory) throws Exception {
    world = World.in(directory);
    alice = world.mesh("alice").getFirst();
    // Some command of the inviting node has to run, whichever it is.
    inviter = Offer.of(world, alice, "anything").process();
    unused = alice.start("mesh", "invite", "nobody", "--valid", "1m");
  }

  @AfterAll
  void end() throws Exception {
    world.close();
  }

  private static String ticket(Member inviting, String name) throws Exception {
    return inviting
        .start("mesh", "invite", name, "--no-wait")
        .await("ticket", PATIENCE)
        .getOrDefault("ticket", "");
  }

  private Outcome join(Member joining, String ticket) throws Exception {
    Outcome outcome = joining.runWith(ticket, "mesh", "join");
    assertFalse(
        outcome.status() != 0 && joining.nodeHome().isMember(),
        "refused and a member all the same");
    assertEquals(true, inviter.isAlive());
    return outcome;
  }

  private void forgetTickets() throws IOException {
    try (Stream<Path> tickets = Files.list(alice.home().resolve("tickets"))) {
      for (Path ticket : tickets.toList()) {
        Files.delete(ticket);
      }
    }
  }

  @Test
  void aTicketWithATypoIsRecognised() throws Exception {
    String good = ticket(alice, "typo");
    int at = good.length() / 2;
    char wrong = good.charAt(at) == 'a' || good.charAt(at) == 'A' ? 'b' : 'a';
    String bad = good.substring(0, at) + wrong + good.substring(at + 1);
    Expect.refused(ExitStatus.USAGE, join(world.stranger("typo"), bad), "mistyped");
  }

  @Test
  void somethingElseIsNoTicket() throws Exception {
    Expect.refused(
        ExitStatus.USAGE, join(world.stranger("else"), "let me in"), "This is not a ticket");
  }

  @Test
  void noTicketAtAllIsWrongUsage() throws Exception {
    Expect.refused(ExitStatus.USAGE, join(world.stranger("none"), ""), "No ticket was given");
  }

  @Test
  void aUsedTicketIsRefused() throws Exception {
    String ticket = ticket(alice, "twice");
    join(world.stranger("first"), ticket).succeeded();
    Expect.refused(
        ExitStatus.NOT_ALLOWED, join(world.stranger("second"), ticket), "used already", "new one");
  }

  @Test
  void aTicketThatTheInviterDoesNotKnowIsRefused() throws Exception {
    String ticket = ticket(alice, "forgotten");
    forgetTickets();
    Expect.refused(
        ExitStatus.NOT_ALLOWED, join(world.stranger("wrong"), ticket), "not one of this node");
  }

  @Test
  void anExpiredTicketIsRefused() throws Exception {
    Ticket ticket = MeshFounding.invite(alice.nodeHome(), "late", List.of(), Duration.ofMillis(1));
    Patience.until("the ticket expires", () -> Instant.now().isAfter(ticket.expiry()));
    Expect.refused(
        ExitStatus.NOT_ALLOWED, join(world.stranger("late"), ticket.text()), "has expired");
  }

  @Test
  void anInvitationThatNobodyAcceptsEnds() throws Exception {
    Expect.refused(ExitStatus.FAILED, unused, "Nobody used the ticket before it expired");
  }

  @Test
  void aTicketDoesNotWorkWhileNothingRunsAtTheInviter() throws Exception {
    Member carol = world.stranger("carol");
    carol.run("mesh", "create", "other", "--hub", world.hub().toString()).succeeded();
    String ticket = ticket(carol, "dave");
    Expect.refused(
        ExitStatus.UNREACHABLE,
        join(world.stranger("dave"), ticket),
        "The node that invited us does not answer",
        "godwit mesh invite");
  }

  @Test
  void onlyTheNodeThatMadeTheMeshInvites() throws Exception {
    Member eve = world.stranger("eve");
    join(eve, ticket(alice, "eve")).succeeded();
    Expect.refused(
        ExitStatus.NOT_ALLOWED, eve.run("mesh", "invite", "mallory"), "Only the node that made");
  }
}
