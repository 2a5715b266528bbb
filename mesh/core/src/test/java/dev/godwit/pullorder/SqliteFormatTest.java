package dev.godwit.pullorder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Databases that SQLite made, against what it says about them. */
@Timeout(120)
final class SqliteFormatTest {

  private static final String SCHEMA_PAGES =
      "SELECT pageno FROM dbstat WHERE name='sqlite_schema' AND pagetype<>'overflow'";

  @TempDir private Path directory;

  /** Tables with indexes, views and triggers between them, and rows so that roots are spread. */
  private static String schema(int tables, String name) {
    StringBuilder sql = new StringBuilder("BEGIN;\n");
    for (int i = 0; i < tables; i++) {
      String table = name + i;
      // The text is kept with its comment: rows of every length, with and without overflow pages.
      sql.append("CREATE TABLE ").append(table).append("(a INTEGER PRIMARY KEY, b TEXT, c /*");
      sql.append("-".repeat(i * 17 % 1500)).append("*/);\n");
      sql.append("INSERT INTO ").append(table).append("(b) VALUES(hex(randomblob(3000)));\n");
      sql.append("CREATE INDEX i").append(table).append(" ON ").append(table).append("(b);\n");
      sql.append("CREATE VIEW v").append(table).append(" AS SELECT * FROM ").append(table);
      sql.append(";\n");
      sql.append("CREATE TRIGGER t").append(table).append(" DELETE ON ").append(table);
      sql.append(" BEGIN SELECT 1; END;\n");
    }
    return sql.append("COMMIT;\n").toString();
  }

  private Path make(String sql) throws IOException, InterruptedException {
    Path file = directory.resolve("db");
    Tool.SQLITE.runWith(sql, "-batch", file);
    return file;
  }

  private static List<Long> pages(Path file, String query)
      throws IOException, InterruptedException {
    return Tool.SQLITE.run("-batch", file, query).lines().map(Long::valueOf).toList();
  }

  @ParameterizedTest
  @CsvSource({
    "512, 3, t, 0",
    "512, 200, t, 0",
    "1024, 100, a_name_so_long_that_the_columns_before_the_root_page_leave_the_page_, 0",
    "512, 40, a_name_so_long_that_the_columns_before_the_root_page_leave_the_page_, 32",
    "4096, 0, t, 0",
    "4096, 500, t, 0",
    "65536, 300, t, 0",
  })
  void findsEveryPageOfTheSchemaAndEveryRoot(int pageSize, int tables, String name, int reserved)
      throws IOException, InterruptedException {
    String header = "PRAGMA page_size=" + pageSize + ";\n";
    if (reserved > 0) {
      header += ".filectrl reserve_bytes " + reserved + "\n";
    }
    // Even an empty schema must make a file.
    Path file = make(header + "PRAGMA user_version=1;\n" + schema(tables, name));
    assertEquals(reserved, Files.readAllBytes(file)[20]);
    Content content = Content.of("sqlite", file);
    content.assertHas("the header", 0, pageSize);
    List<Long> roots = pages(file, "SELECT rootpage FROM sqlite_schema WHERE rootpage > 0");
    assertEquals(2 * tables, roots.size());
    for (long page : roots) {
      content.assertHas("root page " + page, (page - 1) * pageSize, pageSize);
    }
    for (long page : pages(file, SCHEMA_PAGES)) {
      content.assertHas("schema page " + page, (page - 1) * pageSize, pageSize);
    }
  }

  @Test
  void rowsAreLeftForLater() throws IOException, InterruptedException {
    Path file =
        make("CREATE TABLE t(a); INSERT INTO t VALUES(randomblob(3000000));" + schema(3, "t"));
    int found = Content.of("sqlite", file).bytes().cardinality();
    assertTrue(found < 40_000, () -> found + " of 3 MB");
  }

  /** A page 1 of 512 bytes that is a leaf of the schema, with no rows. */
  private static ByteBuffer database(int pages) {
    ByteBuffer bytes = ByteBuffer.allocate(512 * pages);
    bytes.put("SQLite format 3\0".getBytes(StandardCharsets.US_ASCII));
    bytes.putShort((short) 512);
    return bytes.put(100, (byte) 0x0d);
  }

  @Test
  void aTreeThatIsItsOwnChildIsWalkedOnce() throws IOException {
    ByteBuffer bytes = database(4);
    // Page 1 leads to itself and to page 3, page 3 to page 1.
    bytes.put(100, (byte) 0x05).putShort(103, (short) 1).putInt(108, 1).putShort(112, (short) 300);
    bytes.putInt(300, 3);
    bytes.put(1024, (byte) 0x05).putInt(1024 + 8, 1);
    Content content = Content.of("sqlite", bytes);
    content.assertHas("page 3", 1024, 512);
  }

  @Test
  void overflowPagesThatLeadInACircleAreFollowedToTheRowsEndOnly() throws IOException {
    ByteBuffer bytes = database(4);
    bytes.putShort(103, (short) 1).putShort(108, (short) 200);
    // A row of 2^28 - 1 bytes, row id 1, of which 127 bytes are in the page; then the overflow
    // page.
    bytes.put(200, new byte[] {-1, -1, -1, 0x7f, 1}).put(205, new byte[] {5, 0, 0, 0, 1, 2});
    bytes.putInt(205 + 127, 2).putInt(512, 2);
    Content content = Content.of("sqlite", bytes);
    content.assertHas("the overflow page", 512, 512);
  }

  @Test
  void rowsThatAreAllTheSameAreCounted() {
    ByteBuffer bytes = ByteBuffer.allocate(65536 * 2);
    bytes.put("SQLite format 3\0".getBytes(StandardCharsets.US_ASCII));
    bytes.putShort((short) 1).put(100, (byte) 0x0d).putShort(103, (short) 0x7fff);
    Arrays.fill(bytes.array(), 108, 65536, (byte) 3);
    MalformedContentException refused =
        assertThrows(MalformedContentException.class, () -> Content.of("sqlite", bytes));
    assertTrue(String.valueOf(refused.getMessage()).contains("rows"), refused::toString);
  }

  @ParameterizedTest
  @CsvSource({"0,0", "2,0", "511,0", "513,0", "512,33"})
  void aPageSizeThatCannotBeIsRefused(int pageSize, int reserved) {
    ByteBuffer bytes = database(4);
    bytes.putShort(16, (short) pageSize).put(20, (byte) reserved);
    assertThrows(MalformedContentException.class, () -> Content.of("sqlite", bytes));
  }
}
