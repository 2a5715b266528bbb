package dev.godwit.ticket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.Mutations;
import dev.godwit.identity.HubFingerprint;
import dev.godwit.identity.Identity;
import dev.godwit.membership.MeshKey;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class TicketTest {

  private static final Instant EXPIRY = Instant.parse("2026-03-01T12:00:00Z");

  private final SecureRandom random = new SecureRandom();
  private final Ticket ticket = with("home", List.of("hub.example.org:443", "[2001:db8::1]:8443"));

  @Test
  void isReadBackAsWritten() throws InvalidTicketException {
    assertTrue(ticket.text().startsWith("gw1-"));
    assertEquals(ticket, Ticket.parse(ticket.text()));
  }

  @Test
  void isReadWithSpacesAndLineBreaksInAnyCase() throws InvalidTicketException {
    String wrapped = ticket.text().replaceAll("(.{40})", "$1\r\n  ");
    assertEquals(ticket, Ticket.parse("\t" + wrapped + "\n"));
    assertEquals(ticket, Ticket.parse(ticket.text().toUpperCase(Locale.ROOT)));
  }

  @Test
  void everyTypoIsToldFromAWrongTicket() {
    String text = ticket.text();
    for (int at = 4; at < text.length(); at++) {
      char wrong = text.charAt(at) == 'a' ? 'b' : 'a';
      String typo = text.substring(0, at) + wrong + text.substring(at + 1);
      InvalidTicketException e =
          assertThrows(InvalidTicketException.class, () -> Ticket.parse(typo));
      assertTrue(String.valueOf(e.getMessage()).contains("damaged"), e.getMessage());
    }
  }

  @Test
  void aPartOfATicketIsRefused() {
    String text = ticket.text();
    for (int length = 0; length < text.length(); length++) {
      String part = text.substring(0, length);
      assertThrows(InvalidTicketException.class, () -> Ticket.parse(part));
    }
    assertThrows(InvalidTicketException.class, () -> Ticket.parse(text + text));
    assertThrows(InvalidTicketException.class, () -> Ticket.parse("gw1-" + "a".repeat(9_000)));
  }

  @Test
  void itsTextFormForPeopleDoesNotShowTheSecret() {
    String shown = ticket.toString();
    assertFalse(shown.contains(ticket.text()));
    assertFalse(shown.contains(ticket.secret().value().toHex()));
    assertFalse(ticket.secret().toString().contains(ticket.secret().value().toHex()));
    assertTrue(shown.contains(ticket.id().toString()));
  }

  @Test
  void aRefusalDoesNotQuoteTheTicket() {
    String text = ticket.text();
    String damaged = text.substring(0, text.length() - 1);
    InvalidTicketException e =
        assertThrows(InvalidTicketException.class, () -> Ticket.parse(damaged));
    assertFalse(String.valueOf(e.getMessage()).contains(text.substring(4, 20)));
  }

  @Test
  void wrongContentIsNoTicket() {
    List<String> hub = List.of("hub:1");
    assertThrows(IllegalArgumentException.class, () -> with("Home", hub));
    assertThrows(IllegalArgumentException.class, () -> with("home", List.of()));
    assertThrows(
        IllegalArgumentException.class,
        () -> with("home", List.of("a:1", "b:1", "c:1", "d:1", "e:1")));
    for (String address :
        List.of(
            "hub",
            "hub:",
            "hub:0",
            "hub:65536",
            "hub:99999",
            ":1",
            "a b:1",
            "2001:db8::1:1",
            "u@h:1")) {
      assertThrows(IllegalArgumentException.class, () -> with("home", List.of(address)), address);
    }
  }

  @Test
  void theLargestTicketIsReadBack() throws InvalidTicketException {
    String hub = "h".repeat(253) + ":65535";
    Ticket largest = with("m".repeat(63), List.of(hub, hub, hub, hub));
    assertEquals(largest, Ticket.parse(largest.text()));
  }

  @Test
  void anIdIsReadAsPrinted() {
    assertEquals(
        ticket.id(), TicketId.parse(" " + ticket.id().toString().toUpperCase(Locale.ROOT)));
    assertThrows(IllegalArgumentException.class, () -> TicketId.parse("1234"));
    assertNotEquals(ticket.id(), TicketId.random(random));
  }

  @Test
  void noDamageMakesTheParserThrowAnythingElse() {
    Mutations.check(
        ticket.text().getBytes(StandardCharsets.ISO_8859_1),
        InvalidTicketException.class,
        input -> Ticket.parse(new String(input, StandardCharsets.ISO_8859_1)));
  }

  private Ticket with(String meshName, List<String> hubs) {
    return new Ticket(
        MeshKey.generate(random).id(),
        meshName,
        Identity.generate(random).id(),
        hubs,
        HubFingerprint.of(new byte[32]),
        TicketId.random(random),
        TicketSecret.random(random),
        EXPIRY);
  }
}
