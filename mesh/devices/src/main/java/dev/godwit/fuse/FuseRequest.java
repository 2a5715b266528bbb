package dev.godwit.fuse;

import java.nio.ByteBuffer;

/**
 * The fields of one request, taken out of the bytes that the kernel handed over. Reused from
 * request to request; for one thread at a time. A field that the opcode does not have is zero.
 */
final class FuseRequest {
  private static final int BODY = Protocol.IN_HEADER;

  private FuseOpcode opcode = FuseOpcode.UNKNOWN;
  private int number;
  private long unique;
  private long node;
  private long offset;
  private long length;
  private int flags;
  private long moreFlags;
  private int mode;
  private int user;
  private int group;
  private long accessed;
  private int accessedNanos;
  private long modified;
  private int modifiedNanos;
  private int major;
  private int minor;

  /** What some bytes turned out to be. */
  enum Form {
    /** A request with all of its fields. */
    WHOLE,
    /** A request that can be answered, but whose body is cut off or makes no sense. */
    MALFORMED,
    /** Less than a header, or a header that belongs to other bytes: nobody to answer. */
    UNREADABLE
  }

  /**
   * Reads the fields.
   *
   * @param bytes in the machine's byte order; the request is its first {@code count} bytes
   * @param count not more than the buffer's capacity
   */
  Form parse(ByteBuffer bytes, int count) {
    clear();
    if (count < Protocol.IN_HEADER || bytes.getInt(0) != count) {
      return Form.UNREADABLE;
    }
    number = bytes.getInt(4);
    opcode = FuseOpcode.of(number);
    unique = bytes.getLong(8);
    node = bytes.getLong(16);
    if (count - BODY < opcode.body()) {
      return Form.MALFORMED;
    }
    switch (opcode) {
      case READ, WRITE -> {
        offset = bytes.getLong(BODY + 8);
        length = Integer.toUnsignedLong(bytes.getInt(BODY + 16));
      }
      case FALLOCATE -> {
        offset = bytes.getLong(BODY + 8);
        length = bytes.getLong(BODY + 16);
        mode = bytes.getInt(BODY + 24);
      }
      case LSEEK -> {
        offset = bytes.getLong(BODY + 8);
        mode = bytes.getInt(BODY + 16);
      }
      case OPEN -> flags = bytes.getInt(BODY);
      case INTERRUPT -> offset = bytes.getLong(BODY);
      case SETATTR -> attributes(bytes);
      case INIT -> {
        major = bytes.getInt(BODY);
        minor = bytes.getInt(BODY + 4);
        length = Integer.toUnsignedLong(bytes.getInt(BODY + 8));
        moreFlags = Integer.toUnsignedLong(bytes.getInt(BODY + 12));
        if (count >= BODY + 20 && (moreFlags & Protocol.INIT_EXT) != 0) {
          moreFlags |= (long) bytes.getInt(BODY + 16) << 32;
        }
      }
      default -> {}
    }
    return isSane(count) ? Form.WHOLE : Form.MALFORMED;
  }

  private void attributes(ByteBuffer bytes) {
    flags = bytes.getInt(BODY);
    length = bytes.getLong(BODY + 16);
    accessed = bytes.getLong(BODY + 32);
    modified = bytes.getLong(BODY + 40);
    accessedNanos = bytes.getInt(BODY + 56);
    modifiedNanos = bytes.getInt(BODY + 60);
    mode = bytes.getInt(BODY + 68);
    user = bytes.getInt(BODY + 76);
    group = bytes.getInt(BODY + 80);
  }

  private boolean isSane(int count) {
    return switch (opcode) {
      case READ -> offset >= 0 && length <= Protocol.MAX_TRANSFER;
      case WRITE -> offset >= 0 && length == count - Protocol.WRITE_PAYLOAD;
      case FALLOCATE -> offset >= 0 && length > 0 && length <= Long.MAX_VALUE - offset;
      case LSEEK -> offset >= 0;
      case SETATTR -> length >= 0;
      default -> true;
    };
  }

  private void clear() {
    opcode = FuseOpcode.UNKNOWN;
    number = 0;
    unique = 0;
    node = 0;
    offset = 0;
    length = 0;
    flags = 0;
    moreFlags = 0;
    mode = 0;
    user = 0;
    group = 0;
    accessed = 0;
    accessedNanos = 0;
    modified = 0;
    modifiedNanos = 0;
    major = 0;
    minor = 0;
  }

  FuseOpcode opcode() {
    return opcode;
  }

  /** What the reply has to name. */
  long unique() {
    return unique;
  }

  /** The file that is meant. */
  long node() {
    return node;
  }

  /** READ, WRITE, FALLOCATE, LSEEK: in the file, bytes, not negative. */
  long offset() {
    return offset;
  }

  /** READ, WRITE: bytes, up to {@link Protocol#MAX_TRANSFER}. FALLOCATE: bytes, positive. */
  long length() {
    return length;
  }

  /** OPEN: the flags of {@code open(2)}. SETATTR: which fields count. */
  int flags() {
    return flags;
  }

  /** FALLOCATE: the mode of {@code fallocate(2)}. LSEEK: the whence of {@code lseek(2)}. */
  int mode() {
    return mode;
  }

  /** INTERRUPT: the unique number of the request that is meant. */
  long target() {
    return offset;
  }

  /** SETATTR: the new size, bytes, not negative. */
  long size() {
    return length;
  }

  /** SETATTR: permission bits and more. */
  int newMode() {
    return mode;
  }

  /** SETATTR: the new owner. */
  int newUser() {
    return user;
  }

  /** SETATTR: the new group. */
  int newGroup() {
    return group;
  }

  /** SETATTR: time of last access, seconds since 1970. */
  long accessed() {
    return accessed;
  }

  /** SETATTR: fraction of {@link #accessed}, nanoseconds. */
  int accessedNanos() {
    return accessedNanos;
  }

  /** SETATTR: time of last change, seconds since 1970. */
  long modified() {
    return modified;
  }

  /** SETATTR: fraction of {@link #modified}, nanoseconds. */
  int modifiedNanos() {
    return modifiedNanos;
  }

  /** INIT: the kernel's protocol, left of the dot. */
  int major() {
    return major;
  }

  /** INIT: the kernel's protocol, right of the dot. */
  int minor() {
    return minor;
  }

  /** INIT: what the kernel offers. */
  long offers() {
    return moreFlags;
  }

  /** INIT: the most that the kernel reads ahead, bytes, up to 2^32-1. */
  long maxReadAhead() {
    return length;
  }

  @Override
  public String toString() {
    String name = opcode == FuseOpcode.UNKNOWN ? "opcode " + number : opcode.toString();
    return opcode == FuseOpcode.READ || opcode == FuseOpcode.WRITE || opcode == FuseOpcode.FALLOCATE
        ? name + " of " + length + " bytes at " + offset
        : name;
  }
}
