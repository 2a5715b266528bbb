package dev.godwit.fuse;

import java.util.Arrays;

/**
 * What the kernel asks for. Only the requests that can reach a mount of one file are told apart.
 */
enum FuseOpcode {
  /** A number that we do not know, or do not want. */
  UNKNOWN(-1, 0),
  FORGET(2, 0),
  GETATTR(3, 0),
  SETATTR(4, 88),
  OPEN(14, 8),
  READ(15, 40),
  WRITE(16, 40),
  STATFS(17, 0),
  RELEASE(18, 0),
  FSYNC(20, 0),
  INIT(26, 16),
  INTERRUPT(36, 8),
  DESTROY(38, 0),
  BATCH_FORGET(42, 0),
  FALLOCATE(43, 32),
  LSEEK(46, 24);

  private static final FuseOpcode[] BY_NUMBER = new FuseOpcode[64];

  static {
    Arrays.fill(BY_NUMBER, UNKNOWN);
    for (FuseOpcode opcode : values()) {
      if (opcode != UNKNOWN) {
        BY_NUMBER[opcode.number] = opcode;
      }
    }
  }

  private final int number;
  private final int body;

  FuseOpcode(int number, int body) {
    this.number = number;
    this.body = body;
  }

  /** The opcode with a number of {@code enum fuse_opcode}. */
  static FuseOpcode of(int number) {
    return number >= 0 && number < BY_NUMBER.length ? BY_NUMBER[number] : UNKNOWN;
  }

  /** The fewest bytes between the header and, for WRITE, the payload. */
  int body() {
    return body;
  }

  /** Whether the kernel waits for a reply. */
  boolean isAnswered() {
    return this != FORGET && this != BATCH_FORGET && this != INTERRUPT;
  }

  /** Whether serving it calls the backend. */
  boolean callsBackend() {
    return switch (this) {
      case READ, WRITE, FSYNC, FALLOCATE, LSEEK -> true;
      default -> false;
    };
  }

  /**
   * Whether a program may be told that its call was interrupted while the call goes on unseen. One
   * that changes the file must not: the program would try again, and the first try could come in
   * last.
   */
  boolean isInterruptible() {
    return switch (this) {
      case READ, FSYNC, LSEEK -> true;
      default -> false;
    };
  }
}
