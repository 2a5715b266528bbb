package dev.godwit.pullorder;

import java.io.IOException;
import java.nio.ByteOrder;

/**
 * SQLite 3 databases: the pages of the schema, and the root page of every table and index. Source:
 * "Database File Format", <a href="https://www.sqlite.org/fileformat2.html">sqlite.org</a>, section
 * 1.3 for the header.
 */
final class SqliteFormat implements ContentFormat {
  private static final String MAGIC = "SQLite format 3\0";
  private static final int HEADER_BYTES = 100;

  /** "The usable size is not allowed to be less than 480" (section 1.3.4). */
  private static final int MIN_USABLE = 480;

  @Override
  public String name() {
    return "sqlite";
  }

  @Override
  public boolean recognises(Probe probe) throws IOException {
    return probe.first(MAGIC.length(), ByteOrder.BIG_ENDIAN).holds(0, MAGIC);
  }

  @Override
  public void findImportant(Probe probe) throws IOException {
    Excerpt header = probe.read(0, HEADER_BYTES, ByteOrder.BIG_ENDIAN);
    int pageSize = header.u16(16);
    if (pageSize == 1) {
      pageSize = 65536;
    }
    int usable = pageSize - header.u8(20);
    if (pageSize < 512 || Integer.bitCount(pageSize) != 1 || usable < MIN_USABLE) {
      throw new MalformedContentException("a database cannot have pages of " + pageSize + " bytes");
    }
    new SqliteSchema(probe, pageSize, usable).findRoots();
  }
}
