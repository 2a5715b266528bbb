package dev.godwit.node;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.node.SqliteFile.Use;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SqliteFileTest {
  private static final int ROLLBACK = 1;
  private static final int WAL = 2;

  @TempDir private Path folder;

  /** The first page of a database. */
  private Path database(int mode) throws IOException {
    byte[] page = new byte[4096];
    byte[] magic = "SQLite format 3\0".getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(magic, 0, page, 0, magic.length);
    page[18] = (byte) mode;
    page[19] = (byte) mode;
    return Files.write(folder.resolve("data.db"), page);
  }

  private static void assertRefused(Path file, Use use, String... why) {
    String said =
        String.valueOf(
            assertThrows(NodeException.class, () -> SqliteFile.check(file, use)).getMessage());
    for (String part : why) {
      assertTrue(said.contains(part), said);
    }
  }

  @Test
  void aDatabaseInOneFileIsOffered() throws Exception {
    Path file = database(ROLLBACK);
    Files.createFile(folder.resolve("data.db-journal"));
    SqliteFile.check(file, Use.AT_REST);
    SqliteFile.check(file, Use.BY_PROGRAMS);
  }

  @Test
  void changesInALogBesideItWouldStayBehind() throws Exception {
    Path file = database(WAL);
    Files.write(folder.resolve("data.db-wal"), new byte[100]);
    assertRefused(file, Use.AT_REST, "data.db-wal", "wal_checkpoint(TRUNCATE)");
    assertRefused(file, Use.BY_PROGRAMS, "data.db-wal", "wal_checkpoint(TRUNCATE)");
  }

  @Test
  void aJournalBesideItWouldStayBehind() throws Exception {
    Path file = database(ROLLBACK);
    Files.write(folder.resolve("data.db-journal"), new byte[100]);
    assertRefused(file, Use.AT_REST, "data.db-journal", "quick_check");
  }

  @Test
  void programsThatKeepALogDoNotUseADevice() throws Exception {
    Path file = database(WAL);
    SqliteFile.check(file, Use.AT_REST);
    assertRefused(file, Use.BY_PROGRAMS, "WAL mode", "journal_mode=DELETE");
  }

  @Test
  void aPlaceBesideTheLogOfAnotherDatabaseIsNotGood() throws Exception {
    Path target = folder.resolve("new.db");
    SqliteFile.checkNothingLeft(target);
    for (String more : List.of("-wal", "-journal")) {
      Path left = Files.write(folder.resolve("new.db" + more), new byte[100]);
      String said =
          String.valueOf(
              assertThrows(NodeException.class, () -> SqliteFile.checkNothingLeft(target))
                  .getMessage());
      assertTrue(said.startsWith(left + " is left of another database"), said);
      Files.write(left, new byte[0]);
      SqliteFile.checkNothingLeft(target);
    }
  }

  @Test
  void whatIsNoDatabaseIsOfNoInterest() throws Exception {
    SqliteFile.check(Files.write(folder.resolve("short"), new byte[3]), Use.BY_PROGRAMS);
    Path other = Files.write(folder.resolve("other"), new byte[4096]);
    Files.write(folder.resolve("other-wal"), new byte[100]);
    SqliteFile.check(other, Use.BY_PROGRAMS);
  }
}
