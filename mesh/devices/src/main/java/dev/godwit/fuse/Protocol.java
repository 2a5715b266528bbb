package dev.godwit.fuse;

/**
 * Numbers of the kernel's FUSE protocol, as in {@code <linux/fuse.h>}. All fields have the
 * machine's byte order.
 */
final class Protocol {
  static final int MAJOR = 7;

  /** What we speak: direct I/O with mappings is from 7.39. */
  static final int MINOR = 39;

  /** The oldest kernel that is served: FOPEN_NOFLUSH is from 7.35, Linux 5.16. */
  static final int OLDEST_MINOR = 35;

  /** The file itself. */
  static final long ROOT = 1;

  /** {@code struct fuse_in_header} and {@code struct fuse_out_header}, bytes. */
  static final int IN_HEADER = 40;

  static final int OUT_HEADER = 16;

  /** {@code struct fuse_write_in} ends and the payload begins, bytes from the request's start. */
  static final int WRITE_PAYLOAD = 80;

  /** The most bytes that one READ or WRITE carries; the kernel allows no more by default. */
  static final int MAX_TRANSFER = 1 << 20;

  /** Flags of INIT. */
  static final long ASYNC_READ = 1;

  static final long BIG_WRITES = 1L << 5;
  static final long ASYNC_DIO = 1L << 15;
  static final long ABORT_ERROR = 1L << 21;
  static final long MAX_PAGES = 1L << 22;
  static final long INIT_EXT = 1L << 30;
  static final long DIRECT_IO_ALLOW_MMAP = 1L << 36;

  /** Flags of the reply to OPEN. */
  static final int FOPEN_DIRECT_IO = 1;

  static final int FOPEN_KEEP_CACHE = 1 << 1;
  static final int FOPEN_NOFLUSH = 1 << 5;
  static final int FOPEN_PARALLEL_DIRECT_WRITES = 1 << 6;

  /** Which fields of SETATTR count. */
  static final int FATTR_MODE = 1;

  static final int FATTR_UID = 1 << 1;
  static final int FATTR_GID = 1 << 2;
  static final int FATTR_SIZE = 1 << 3;
  static final int FATTR_ATIME = 1 << 4;
  static final int FATTR_MTIME = 1 << 5;
  static final int FATTR_ATIME_NOW = 1 << 7;
  static final int FATTR_MTIME_NOW = 1 << 8;
  static final int FATTR_CTIME = 1 << 10;

  /** What a message without a request is about: parts of a file are not what they were. */
  static final int NOTIFY_INVAL_INODE = 2;

  /** {@code fallocate(2)}. */
  static final int FALLOC_KEEP_SIZE = 1;

  static final int FALLOC_PUNCH_HOLE = 1 << 1;
  static final int FALLOC_ZERO_RANGE = 1 << 4;

  /** {@code lseek(2)}. */
  static final int SEEK_DATA = 3;

  static final int SEEK_HOLE = 4;

  /** {@code open(2)}: the bits of the access mode. */
  static final int O_ACCMODE = 3;

  /**
   * {@code open(2)}: O_DIRECT is the one or the other, depending on the processor. Where it is the
   * one, the other is O_DIRECTORY, with which no file can be opened.
   */
  static final int O_DIRECT = 0x4000 | 0x10000;

  /** {@code inode(7)}: a regular file. */
  static final int S_IFREG = 0100000;

  /** {@code _IOR(229, 0, uint32_t)}: makes a descriptor another way to the same connection. */
  static final long DEV_IOC_CLONE = 0x8004e500L;

  private Protocol() {}
}
