package dev.godwit.pullorder;

/**
 * A number of variable length. Source: "Database File Format", section 1.6, "variable-length
 * integer".
 *
 * @param value all 64 bits may be used
 * @param end position behind it
 */
record SqliteVarint(long value, int end) {

  /** Reads the number that begins at {@code at}. */
  static SqliteVarint read(Excerpt bytes, int at) throws MalformedContentException {
    long value = 0;
    for (int i = 0; i < 8; i++) {
      int b = bytes.u8(at + i);
      value = value << 7 | (b & 0x7f);
      if (b < 0x80) {
        return new SqliteVarint(value, at + i + 1);
      }
    }
    return new SqliteVarint(value << 8 | bytes.u8(at + 8), at + 9);
  }
}
