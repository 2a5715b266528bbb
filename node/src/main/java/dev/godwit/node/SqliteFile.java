package dev.godwit.node;

import dev.godwit.libc.ShellWord;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Recognizes a database of SQLite that is more than one file, of which one alone is of no use. Its
 * format: https://www.sqlite.org/fileformat.html, section 1.3.
 */
final class SqliteFile {
  private static final byte[] MAGIC = "SQLite format 3\0".getBytes(StandardCharsets.US_ASCII);

  /** Who writes in which way; 2 is a log beside the file. */
  private static final int WRITE_VERSION = 18;

  private static final int WITH_A_LOG = 2;

  /** How programs use the file while it is offered. */
  enum Use {
    /** Not at all. */
    AT_REST,
    /** Through a device. */
    BY_PROGRAMS
  }

  private SqliteFile() {}

  /**
   * Passes what is no such database, or is one that is whole by itself.
   *
   * @throws NodeException when something of it would stay behind; says what to do
   */
  static void check(Path file, Use use) throws IOException {
    if (!Files.isRegularFile(file)) {
      return;
    }
    byte[] header;
    try (InputStream in = Files.newInputStream(file)) {
      header = in.readNBytes(WRITE_VERSION + 1);
    }
    if (header.length <= WRITE_VERSION
        || !Arrays.equals(header, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
      return;
    }
    String database = ShellWord.of(file);
    refuseBeside(
        file,
        "-wal",
        " is a database whose newest changes are in %s, which would stay behind. End the programs that"
            + " use it, and put them into the file: sqlite3 %s 'PRAGMA wal_checkpoint(TRUNCATE)'.");
    refuseBeside(
        file,
        "-journal",
        " is a database that is being changed, or whose program was killed: %s belongs to it and would"
            + " stay behind. End the programs that use it, and have it put in order: sqlite3 %s 'PRAGMA"
            + " quick_check'.");
    if (use == Use.BY_PROGRAMS && header[WRITE_VERSION] == WITH_A_LOG) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          file
              + " is a database in WAL mode: programs write to a second file beside its device, which"
              + " would stay behind. Turn that off (sqlite3 "
              + database
              + " 'PRAGMA journal_mode=DELETE'), or move the disk that the database is on.");
    }
  }

  /**
   * Passes a place for a state beside which no log of another database is left: SQLite would take
   * it for a part of whatever database is put there.
   *
   * @throws NodeException when there is one; says what to do
   */
  static void checkNothingLeft(Path file) throws IOException {
    for (String more : new String[] {"-wal", "-journal"}) {
      Path beside = file.resolveSibling(file.getFileName() + more);
      if (Files.exists(beside) && Files.size(beside) > 0) {
        throw new NodeException(
            NodeException.Kind.FAILED,
            beside
                + " is left of another database: it would be mixed with a database that is put beside"
                + " it. Move it away, or choose another --to.");
      }
    }
  }

  /** Refuses a database beside which such a file holds something. */
  private static void refuseBeside(Path file, String more, String why) throws IOException {
    Path beside = file.resolveSibling(file.getFileName() + more);
    if (Files.exists(beside) && Files.size(beside) > 0) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          file + String.format(why, beside.getFileName(), ShellWord.of(file)));
    }
  }
}
