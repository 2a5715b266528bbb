package dev.godwit.fuse;

import java.nio.ByteBuffer;
import java.time.Instant;

/**
 * Composes replies. Each method overwrites the one before; {@link #length} says how many bytes of
 * the buffer are the reply. For one thread at a time.
 */
final class FuseReply {
  private static final int BODY = Protocol.OUT_HEADER;
  private static final int ATTRIBUTES = 88;
  private static final int SECTOR = 512;

  /** The size that programs are advised to read and write in, bytes. */
  private static final int BLOCK = 4096;

  /** The kernel asks for the attributes again when it knows of a change, and else not. */
  private static final long VALID_SECONDS = 86_400;

  private final ByteBuffer bytes;
  private int length;

  /**
   * @param bytes in the machine's byte order, with room for the largest reply
   */
  FuseReply(ByteBuffer bytes) {
    this.bytes = bytes;
  }

  /** How long the reply is, bytes. */
  int length() {
    return length;
  }

  private void header(long unique, int body, int error) {
    length = Protocol.OUT_HEADER + body;
    bytes.putInt(0, length).putInt(4, error).putLong(8, unique);
  }

  private void zeroes(int count) {
    for (int i = 0; i < count; i += Long.BYTES) {
      bytes.putLong(BODY + i, 0);
    }
  }

  /** The request failed. */
  void error(long unique, FuseError error) {
    header(unique, 0, -error.code());
  }

  /** The request was done, and that is all there is to say. */
  void done(long unique) {
    header(unique, 0, 0);
  }

  /** The data of a READ, which lie behind the header already. */
  void data(long unique, int count) {
    header(unique, count, 0);
  }

  /** How much of a WRITE was stored, bytes. */
  void written(long unique, int count) {
    bytes.putInt(BODY, count).putInt(BODY + 4, 0);
    header(unique, 8, 0);
  }

  /** The file is open. */
  void opened(long unique, int flags) {
    bytes.putLong(BODY, 0).putInt(BODY + 8, flags).putInt(BODY + 12, 0);
    header(unique, 16, 0);
  }

  /** Where LSEEK has found something. */
  void position(long unique, long offset) {
    bytes.putLong(BODY, offset);
    header(unique, 8, 0);
  }

  /** What is known of the file. */
  void attributes(long unique, long size, FileStatus status) {
    int body = 16;
    zeroes(body + ATTRIBUTES);
    bytes.putLong(BODY, VALID_SECONDS);
    int at = BODY + body;
    bytes.putLong(at, Protocol.ROOT);
    bytes.putLong(at + 8, size);
    bytes.putLong(at + 16, size / SECTOR + (size % SECTOR == 0 ? 0 : 1));
    time(at + 24, at + 48, status.accessed());
    time(at + 32, at + 52, status.modified());
    time(at + 40, at + 56, status.changed());
    bytes.putInt(at + 60, Protocol.S_IFREG | status.permissions());
    bytes.putInt(at + 64, 1);
    bytes.putInt(at + 68, status.user());
    bytes.putInt(at + 72, status.group());
    bytes.putInt(at + 80, BLOCK);
    header(unique, body + ATTRIBUTES, 0);
  }

  private void time(int secondsAt, int nanosAt, Instant time) {
    bytes.putLong(secondsAt, time.getEpochSecond()).putInt(nanosAt, time.getNano());
  }

  /** A file system that is full: it holds the one file. */
  void statistics(long unique, long size) {
    zeroes(80);
    bytes.putLong(BODY, size / BLOCK + (size % BLOCK == 0 ? 0 : 1));
    bytes.putLong(BODY + 24, 1);
    bytes.putInt(BODY + 40, BLOCK);
    bytes.putInt(BODY + 44, 255);
    bytes.putInt(BODY + 48, BLOCK);
    header(unique, 80, 0);
  }

  /** Not a reply: what the kernel knows of a part of the file is old. */
  void changed(long offset, long length) {
    bytes.putLong(BODY, Protocol.ROOT).putLong(BODY + 8, offset).putLong(BODY + 16, length);
    header(0, 24, 0);
    bytes.putInt(4, Protocol.NOTIFY_INVAL_INODE);
  }

  /**
   * What both sides keep to from now on.
   *
   * @param readAhead the most to read ahead, bytes
   * @param flags of those that the kernel offers
   * @param background requests that nobody waits for, at once
   */
  void agreed(long unique, int minor, int readAhead, long flags, int background) {
    zeroes(64);
    bytes.putInt(BODY, Protocol.MAJOR);
    bytes.putInt(BODY + 4, minor);
    bytes.putInt(BODY + 8, readAhead);
    bytes.putInt(BODY + 12, (int) flags);
    bytes.putShort(BODY + 16, (short) background);
    bytes.putShort(BODY + 18, (short) Math.max(1, background * 3 / 4));
    bytes.putInt(BODY + 20, Protocol.MAX_TRANSFER);
    bytes.putInt(BODY + 24, 1);
    bytes.putShort(BODY + 28, (short) (Protocol.MAX_TRANSFER / 4096));
    bytes.putInt(BODY + 32, (int) (flags >>> 32));
    header(unique, 64, 0);
  }
}
