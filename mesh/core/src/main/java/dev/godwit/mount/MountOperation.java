package dev.godwit.mount;

/** The operations of {@code godwit/mount/1}, {@code docs/protocol.md} "Mounts". */
final class MountOperation {
  static final String PROTOCOL = "godwit/mount/1";

  static final byte OPEN = 1;
  static final byte EXTENTS = 3;
  // 4 is a read, as in every protocol that has resources.
  static final byte WRITE = 5;
  static final byte ZERO = 6;
  static final byte FLUSH = 7;
  static final byte RENEW = 8;
  static final byte CLOSE = 9;
  static final byte PROFILE = 10;
  static final byte SAVE_PROFILE = 11;
  static final byte HOT = 12;
  static final byte CHANGES = 13;

  private MountOperation() {}
}
