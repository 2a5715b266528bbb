package dev.godwit.internet;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * The few system calls that the JDK has no other way to. See the manual pages of the same names.
 * The numbers are those of Linux on x86-64 and AArch64.
 */
final class Kernel {
  /** Where a call leaves its error number; each thread needs one of its own. */
  static final MemoryLayout STATE = Linker.Option.captureStateLayout();

  /** Nothing to read at the moment. */
  static final int EAGAIN = 11;

  /** The call was interrupted by a signal. */
  static final int EINTR = 4;

  private static final int O_RDONLY = 0;
  private static final int O_RDWR = 2;
  private static final int O_NONBLOCK = 0x800;
  private static final int O_CLOEXEC = 0x80000;
  private static final int CLONE_NEWNET = 0x40000000;
  private static final long TUNSETIFF = 0x400454caL;
  private static final short IFF_TUN = 1;
  private static final short IFF_NO_PI = 0x1000;
  private static final short POLLIN = 1;

  /** {@code struct ifreq}: 16 bytes name, then flags. */
  private static final int IFREQ_SIZE = 40;

  private static final int IFREQ_FLAGS = 16;

  /** {@code struct pollfd}: int fd, short events, short revents. */
  private static final int POLLFD_SIZE = 8;

  private static final int POLLFD_EVENTS = 4;

  private static final long SECOND = 1_000_000_000L;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final VarHandle ERRNO = STATE.varHandle(PathElement.groupElement("errno"));

  private static final MethodHandle OPEN =
      bind("open", 2, FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
  private static final MethodHandle CLOSE =
      bind("close", 1, FunctionDescriptor.of(JAVA_INT, JAVA_INT));
  private static final MethodHandle SETNS =
      bind("setns", 2, FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
  private static final MethodHandle IOCTL =
      bind("ioctl", 2, FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS));
  private static final MethodHandle EVENTFD =
      bind("eventfd", 2, FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));

  // Addresses are numbers here, so that no segment is made for every packet.
  private static final MethodHandle READ =
      bind("read", 3, FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG));
  private static final MethodHandle WRITE =
      bind("write", 3, FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG));
  private static final MethodHandle PPOLL =
      bind("ppoll", 4, FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG));

  private Kernel() {}

  /** Binds a function whose arguments after the first {@code fixed} ones are variadic. */
  private static MethodHandle bind(String name, int fixed, FunctionDescriptor descriptor) {
    Linker.Option errno = Linker.Option.captureCallState("errno");
    MemorySegment symbol = LINKER.defaultLookup().findOrThrow(name);
    return fixed < descriptor.argumentLayouts().size()
        ? LINKER.downcallHandle(symbol, descriptor, errno, Linker.Option.firstVariadicArg(fixed))
        : LINKER.downcallHandle(symbol, descriptor, errno);
  }

  /** What a method handle throws beyond what it is declared to: nothing that can happen. */
  private static IllegalStateException impossible(Throwable e) {
    if (e instanceof Error error) {
      throw error;
    }
    return new IllegalStateException(e);
  }

  private static int check(String what, int result, MemorySegment state) throws IOException {
    if (result < 0) {
      throw new IOException(what + ": error number " + errno(state));
    }
    return result;
  }

  private static int errno(MemorySegment state) {
    return (int) ERRNO.get(state, 0L);
  }

  private static int open(Path file, int flags) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      MemorySegment path = arena.allocateFrom(file.toString());
      int fd;
      try {
        fd = (int) OPEN.invokeExact(state, path, flags | O_CLOEXEC);
      } catch (Throwable e) {
        throw impossible(e);
      }
      return check("open " + file, fd, state);
    }
  }

  /** Closes a file descriptor. */
  static void close(int fd) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      int result;
      try {
        result = (int) CLOSE.invokeExact(state, fd);
      } catch (Throwable e) {
        throw impossible(e);
      }
      check("close", result, state);
    }
  }

  /**
   * Moves the calling thread to another network namespace, for good: it must be a platform thread
   * that does nothing else afterwards. What it opens and whom it starts belongs there.
   *
   * @param namespace a file of the namespace
   */
  static void enter(Path namespace) throws IOException {
    int fd = open(namespace, O_RDONLY);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      int result;
      try {
        result = (int) SETNS.invokeExact(state, fd, CLONE_NEWNET);
      } catch (Throwable e) {
        throw impossible(e);
      }
      check("setns " + namespace, result, state);
    } finally {
      close(fd);
    }
  }

  /**
   * Makes a network interface that hands its packets, from the IP header on, to whoever reads the
   * file descriptor, in the namespace of the calling thread. It lives until that is closed. Reading
   * does not block.
   *
   * @param name at most 15 ASCII characters
   */
  static int openTun(String name) throws IOException {
    int fd = open(Path.of("/dev/net/tun"), O_RDWR | O_NONBLOCK);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      MemorySegment request = arena.allocate(IFREQ_SIZE, Long.BYTES);
      byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
      if (bytes.length >= IFREQ_FLAGS) {
        throw new IllegalArgumentException("too long for an interface: " + name);
      }
      MemorySegment.copy(bytes, 0, request, JAVA_BYTE, 0, bytes.length);
      request.set(JAVA_SHORT, IFREQ_FLAGS, (short) (IFF_TUN | IFF_NO_PI));
      int result;
      try {
        result = (int) IOCTL.invokeExact(state, fd, TUNSETIFF, request);
      } catch (Throwable e) {
        throw impossible(e);
      }
      check("ioctl TUNSETIFF " + name, result, state);
      return fd;
    } catch (IOException | RuntimeException e) {
      close(fd);
      throw e;
    }
  }

  /** A file descriptor that becomes readable when 8 bytes, a number, are written to it. */
  static int openEvent() throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      int fd;
      try {
        fd = (int) EVENTFD.invokeExact(state, 0, O_NONBLOCK | O_CLOEXEC);
      } catch (Throwable e) {
        throw impossible(e);
      }
      return check("eventfd", fd, state);
    }
  }

  /** Makes such a file descriptor readable. */
  static void signal(int event) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      MemorySegment one = arena.allocateFrom(JAVA_LONG, 1L);
      check("write", (int) write(state, event, one.address(), Long.BYTES), state);
    }
  }

  /**
   * read(2).
   *
   * @return how much was read, or the error number as a negative number
   */
  static long read(MemorySegment state, int fd, long address, long length) {
    long result;
    try {
      result = (long) READ.invokeExact(state, fd, address, length);
    } catch (Throwable e) {
      throw impossible(e);
    }
    return result < 0 ? -errno(state) : result;
  }

  /**
   * write(2).
   *
   * @return how much was written, or the error number as a negative number
   */
  static long write(MemorySegment state, int fd, long address, long length) {
    long result;
    try {
      result = (long) WRITE.invokeExact(state, fd, address, length);
    } catch (Throwable e) {
      throw impossible(e);
    }
    return result < 0 ? -errno(state) : result;
  }

  /** Room for {@link #await}. */
  static MemorySegment interest(Arena arena, int... fds) {
    MemorySegment interest = arena.allocate((long) POLLFD_SIZE * fds.length, Long.BYTES);
    for (int i = 0; i < fds.length; i++) {
      interest.set(JAVA_INT, (long) i * POLLFD_SIZE, fds[i]);
      interest.set(JAVA_SHORT, (long) i * POLLFD_SIZE + POLLFD_EVENTS, POLLIN);
    }
    return interest;
  }

  /**
   * ppoll(2): waits until one can be read.
   *
   * @param interest made by {@link #interest}
   * @param timespec 16 bytes of room
   * @return how many can be read, or the error number as a negative number
   */
  static int await(
      MemorySegment state, MemorySegment interest, MemorySegment timespec, long nanos) {
    timespec.set(JAVA_LONG, 0, nanos / SECOND);
    timespec.set(JAVA_LONG, Long.BYTES, nanos % SECOND);
    int result;
    try {
      result =
          (int) PPOLL.invokeExact(state, interest, interest.byteSize() / POLLFD_SIZE, timespec, 0L);
    } catch (Throwable e) {
      throw impossible(e);
    }
    return result < 0 ? -errno(state) : result;
  }
}
