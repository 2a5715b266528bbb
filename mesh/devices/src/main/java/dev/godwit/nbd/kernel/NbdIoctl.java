package dev.godwit.nbd.kernel;

/** Requests of {@code ioctl(2)} to an NBD device, as {@code <linux/nbd.h>} numbers them. */
final class NbdIoctl {
  static final long SET_SOCK = 0xab00;
  static final long SET_BLKSIZE = 0xab01;
  static final long DO_IT = 0xab03;
  static final long CLEAR_SOCK = 0xab04;
  static final long SET_SIZE_BLOCKS = 0xab07;
  static final long DISCONNECT = 0xab08;
  static final long SET_TIMEOUT = 0xab09;
  static final long SET_FLAGS = 0xab0a;

  private NbdIoctl() {}
}
