package dev.godwit.pullorder;

import java.io.IOException;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;

/**
 * Walks the table {@code sqlite_schema}, whose root is page 1, and names the root page of every
 * table and index in it. Source: "Database File Format", sections 1.6 (pages and cells), 2.1
 * (records) and 2.6 (the schema's columns).
 */
final class SqliteSchema {
  /** Pages of the schema that are read, at most. */
  static final int MAX_PAGES = 512;

  private static final int LEAF = 0x0d;
  private static final int INTERIOR = 0x05;

  /** Page 1 begins with the header of the database. */
  private static final int FILE_HEADER = 100;

  /** Rows that are looked at: all cells of a hostile page can be the same large one. */
  static final int MAX_ROWS = 1 << 14;

  /**
   * As much of a row as is looked at: the columns before the SQL text, with long names. A few
   * overflow pages at most.
   */
  private static final int ROW_BYTES = 1024;

  private static final int ROOT_PAGE_COLUMN = 3;

  private final Probe probe;
  private final int pageSize;
  private final int usable;
  private final Deque<Long> pending = new ArrayDeque<>();
  private final Set<Long> seen = new HashSet<>();
  private int rows;

  /**
   * The schema of one database.
   *
   * @param pageSize 512 to 65536, a power of two
   * @param usable bytes of a page that are not reserved
   */
  SqliteSchema(Probe probe, int pageSize, int usable) {
    this.probe = probe;
    this.pageSize = pageSize;
    this.usable = usable;
  }

  /** Reads the schema and names the roots, in the schema's order. */
  void findRoots() throws IOException {
    pending.push(1L);
    while (!pending.isEmpty()) {
      long number = pending.pop();
      // A page that is its own ancestor is not read twice.
      if (seen.add(number)) {
        if (seen.size() > MAX_PAGES) {
          throw new MalformedContentException("the schema has more than " + MAX_PAGES + " pages");
        }
        page(number);
      }
    }
  }

  private Excerpt read(long number) throws IOException {
    if (number < 1 || number > probe.size() / pageSize) {
      throw new MalformedContentException("there is no page " + number);
    }
    return probe.read((number - 1) * pageSize, pageSize, ByteOrder.BIG_ENDIAN);
  }

  private void page(long number) throws IOException {
    Excerpt page = read(number);
    int header = number == 1 ? FILE_HEADER : 0;
    int type = page.u8(header);
    int cells = page.u16(header + 3);
    switch (type) {
      case LEAF -> {
        for (int i = 0; i < cells; i++) {
          row(page, page.u16(header + 8 + 2 * i));
        }
      }
      case INTERIOR -> {
        // Last in, first out: pushed from the right, they are visited from the left.
        // More children than can be visited are not kept.
        pending.push(page.u32(header + 8));
        for (int i = Math.min(cells, MAX_PAGES) - 1; i >= 0; i--) {
          pending.push(page.u32(page.u16(header + 12 + 2 * i)));
        }
      }
      default ->
          throw new MalformedContentException("page " + number + " of the schema has type " + type);
    }
  }

  private void row(Excerpt page, int at) throws IOException {
    if (++rows > MAX_ROWS) {
      throw new MalformedContentException("the schema has more than " + MAX_ROWS + " rows");
    }
    SqliteVarint length = SqliteVarint.read(page, at);
    SqliteVarint rowId = SqliteVarint.read(page, length.end());
    long root = rootPage(payload(page, rowId.end(), length.value()));
    // Views and triggers have none.
    if (root > 0 && root <= probe.size() / pageSize) {
      probe.important((root - 1) * pageSize, pageSize);
    }
  }

  /** The beginning of a row, which may go on in overflow pages. Source: section 1.6, "overflow". */
  private Excerpt payload(Excerpt page, int at, long length) throws IOException {
    if (length < 0) {
      throw new MalformedContentException("a row has a negative length");
    }
    byte[] row = new byte[(int) Math.min(length, ROW_BYTES)];
    long inPage = inPage(length);
    int done = (int) Math.min(row.length, inPage);
    page.copy(at, row, 0, done);
    long next = inPage < length ? page.u32(Math.toIntExact(at + inPage)) : 0;
    // Each turn adds bytes, and there are few.
    while (done < row.length) {
      Excerpt overflow = read(next);
      int count = Math.min(row.length - done, usable - 4);
      overflow.copy(4, row, done, count);
      done += count;
      next = overflow.u32(0);
    }
    return new Excerpt(row, ByteOrder.BIG_ENDIAN);
  }

  /** How much of a row of a table leaf is in the page itself. */
  private long inPage(long length) {
    int most = usable - 35;
    if (length <= most) {
      return length;
    }
    int least = (usable - 12) * 32 / 255 - 23;
    long fitting = least + (length - least) % (usable - 4);
    return fitting <= most ? fitting : least;
  }

  /** The number in the fourth column, 0 when it is none. */
  private static long rootPage(Excerpt row) throws MalformedContentException {
    SqliteVarint headerLength = SqliteVarint.read(row, 0);
    long content = headerLength.value();
    int at = headerLength.end();
    for (int column = 0; column < ROOT_PAGE_COLUMN; column++) {
      SqliteVarint type = SqliteVarint.read(row, at);
      content += contentLength(type.value());
      at = type.end();
      if (content < 0 || content > row.length()) {
        return 0;
      }
    }
    return integer(row, (int) content, SqliteVarint.read(row, at).value());
  }

  /** Bytes of a column's value by its serial type. */
  private static long contentLength(long type) {
    return switch (Math.clamp(type, -1, 12)) {
      case 0, 8, 9, 10, 11 -> 0;
      case 1, 2, 3, 4 -> type;
      case 5 -> 6;
      case 6, 7 -> 8;
      case 12 -> (type - 12) / 2;
      // Not reached by valid content; leads out of the row.
      default -> ROW_BYTES + 1L;
    };
  }

  private static long integer(Excerpt row, int at, long type) throws MalformedContentException {
    if (type == 9) {
      return 1;
    }
    if (type < 1 || type > 6) {
      return 0;
    }
    long number = 0;
    for (int i = 0; i < contentLength(type); i++) {
      number = number << 8 | row.u8(at + i);
    }
    return number;
  }
}
