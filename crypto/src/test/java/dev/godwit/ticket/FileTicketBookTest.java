package dev.godwit.ticket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.identity.PrivateFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileTicketBookTest extends TicketBookContract {

  @TempDir private Path dir;

  @Override
  TicketBook book() {
    return new FileTicketBook(dir.resolve("tickets"));
  }

  @Test
  void noFileHoldsTheSecretAndAllArePrivate() throws IOException {
    Ticket ticket = issue();
    book().redeem(ticket.id(), ticket.secret(), joiner, NOW);
    book().revoke(ticket.id());
    String secret = new String(ticket.secret().bytes(), StandardCharsets.ISO_8859_1);
    List<Path> files = files();
    assertEquals(3, files.size());
    for (Path file : files) {
      assertFalse(Files.readString(file, StandardCharsets.ISO_8859_1).contains(secret));
      assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    }
  }

  @Test
  void aDamagedFileIsNamed() throws IOException {
    Path file = dir.resolve("tickets").resolve(TicketId.random(random) + ".ticket");
    PrivateFile.create(file, new byte[] {1, 2, 3});
    IOException e = assertThrows(IOException.class, () -> book().list());
    assertTrue(String.valueOf(e.getMessage()).contains(file.toString()), e.getMessage());
  }

  @Test
  void aDamagedMarkIsNotTakenForAnUnusedTicket() throws IOException {
    Ticket ticket = issue();
    PrivateFile.create(dir.resolve("tickets").resolve(ticket.id() + ".used"), new byte[0]);
    assertThrows(IOException.class, () -> book().redeem(ticket.id(), ticket.secret(), joiner, NOW));
  }

  @Test
  void aForeignFileIsNamed() throws IOException {
    PrivateFile.create(dir.resolve("tickets/notes.ticket"), new byte[0]);
    assertThrows(IOException.class, () -> book().list());
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(dir.resolve("tickets"))) {
      return files.toList();
    }
  }
}
