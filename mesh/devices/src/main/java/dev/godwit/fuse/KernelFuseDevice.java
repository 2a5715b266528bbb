package dev.godwit.fuse;

import dev.godwit.libc.Descriptor;
import dev.godwit.libc.LibC;
import dev.godwit.libc.SystemCalls;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;

/** A descriptor of {@code /dev/fuse}. */
final class KernelFuseDevice implements FuseDevice {
  private static final String DEVICE = "/dev/fuse";

  private final SystemCalls calls;
  private final LibC libc;
  private final int fd;
  private final Descriptor descriptor;

  /** Takes over a descriptor that belongs, or will belong, to a mount. */
  KernelFuseDevice(SystemCalls calls, int fd) {
    this.calls = calls;
    this.libc = calls.libc();
    this.fd = fd;
    this.descriptor = new Descriptor(libc, fd);
  }

  /**
   * Opens the device for a new mount.
   *
   * @throws IOException when there is no FUSE here; the message says what to do
   */
  static KernelFuseDevice open(SystemCalls calls) throws IOException {
    int fd = calls.libc().open(DEVICE, LibC.O_RDWR | LibC.O_CLOEXEC);
    if (fd >= 0) {
      return new KernelFuseDevice(calls, fd);
    }
    int error = calls.lastError();
    throw calls.failure(
        switch (error) {
          case LibC.ENOENT, LibC.ENODEV ->
              DEVICE + " is missing; load the kernel's module with: modprobe fuse";
          case LibC.EACCES, LibC.EPERM ->
              DEVICE + " may not be opened; run this as a user who may read and write it";
          default -> DEVICE;
        },
        error);
  }

  /** The number to name in the options of a mount. */
  int number() {
    return fd;
  }

  /**
   * Another way to the same connection, with a queue of its own for what it has read.
   *
   * @throws IOException when the kernel does not give one
   */
  KernelFuseDevice copy() throws IOException {
    KernelFuseDevice other = open(calls);
    try (Arena arena = Arena.ofConfined()) {
      long number = arena.allocateFrom(ValueLayout.JAVA_INT, fd).address();
      if (libc.ioctl(other.fd, Protocol.DEV_IOC_CLONE, number) < 0) {
        IOException failure = calls.failure(DEVICE + ": clone");
        other.close();
        throw failure;
      }
    }
    return other;
  }

  @Override
  public int read(FuseBuffer into) throws IOException {
    if (!descriptor.enter()) {
      return -1;
    }
    try {
      while (true) {
        long count = libc.read(fd, into.requestAddress(), into.requestCapacity());
        if (count >= 0) {
          return (int) count;
        }
        int error = calls.lastError();
        switch (error) {
          // The program was interrupted before we could take its request.
          case LibC.ENOENT, LibC.EINTR -> {}
          case LibC.ENODEV, LibC.ECONNABORTED -> {
            return -1;
          }
          default -> throw calls.failure(DEVICE + ": read", error);
        }
      }
    } finally {
      descriptor.leave();
    }
  }

  @Override
  public void write(FuseBuffer from, int length) throws IOException {
    if (!descriptor.enter()) {
      return;
    }
    try {
      while (libc.write(fd, from.replyAddress(), length) < 0) {
        int error = calls.lastError();
        switch (error) {
          case LibC.EINTR -> {}
          // Nobody waits any more: the request was aborted, or the whole mount has ended.
          case LibC.ENOENT, LibC.ENODEV, LibC.ECONNABORTED -> {
            return;
          }
          default -> throw calls.failure(DEVICE + ": write", error);
        }
      }
    } finally {
      descriptor.leave();
    }
  }

  @Override
  public void close() {
    descriptor.close();
  }
}
