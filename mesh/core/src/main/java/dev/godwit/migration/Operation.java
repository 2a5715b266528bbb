package dev.godwit.migration;

/** The operations of {@code godwit/migration/1}, {@code docs/protocol.md} "Migration". */
final class Operation {
  static final String PROTOCOL = "godwit/migration/1";

  static final byte DESCRIBE = 1;
  static final byte TRACK = 2;
  static final byte EXTENTS = 3;
  static final byte ROUND = 5;
  static final byte DIRTY_PAGE = 6;
  static final byte FINALIZE = 7;
  static final byte RELEASE = 8;
  static final byte DECLINE = 9;
  static final byte ABORT = 10;

  private Operation() {}
}
