package dev.godwit.fuse;

import dev.godwit.libc.BoundedCall;
import dev.godwit.libc.Deadline;
import dev.godwit.libc.DeviceInUseException;
import dev.godwit.libc.LibC;
import dev.godwit.libc.SystemCallException;
import dev.godwit.libc.SystemCalls;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file as a block device of the kernel, {@code /dev/loopN}, as {@code loop(4)} describes: for
 * programs that want a disk. Reads and writes of the disk reach the file directly, without a second
 * cache. Only root may do this. Thread-safe.
 *
 * <p>When this process is killed the device stays; {@code losetup -d} takes it away. It is not tied
 * to a descriptor of this process on purpose: at the process's end the kernel would write out what
 * the disk's cache holds, and wait for the process that would have to serve it.
 */
public final class LoopDevice implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LoopDevice.class);
  private static final Path CONTROL = Path.of("/dev/loop-control");
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final Duration POLL = Duration.ofMillis(10);

  /** {@code <linux/loop.h>}. */
  private static final long GET_FREE = 0x4C82;

  private static final long CONFIGURE = 0x4C0A;
  private static final long CLEAR = 0x4C01;
  private static final int READ_ONLY = 1;
  private static final int DIRECT_IO = 16;

  /** {@code struct loop_config}, and where in it are the flags and the file's name. */
  private static final int CONFIG_BYTES = 304;

  private static final int FLAGS_AT = 60;
  private static final int NAME_AT = 64;
  private static final int NAME_BYTES = 64;

  /** A free device may be taken by somebody else before we have it. */
  private static final int ATTEMPTS = 16;

  private final SystemCalls calls;
  private final Path device;

  /**
   * The kernel's number of this use of the device, so that nothing of others is detached. The name
   * of the file would not do: once that is unmounted, the kernel shows it no more.
   */
  private final String use;

  private LoopDevice(SystemCalls calls, Path device, String use) {
    this.calls = calls;
    this.device = device;
    this.use = use;
  }

  /**
   * Makes a file a disk of 512-byte sectors; a tail that is no whole sector is not part of it.
   *
   * @throws IOException when that is not possible; the message says what to do
   */
  public static LoopDevice attach(Path file, FuseSettings.Access access) throws IOException {
    var calls = new SystemCalls(LibC.load());
    return BoundedCall.run(
        "making " + file + " a disk",
        PATIENCE,
        () -> attach(calls, file, access),
        LoopDevice::abandon);
  }

  private void abandon() {
    try {
      boolean _ = clear();
    } catch (IOException e) {
      LOG.warn("{}: a disk that nobody wants any more stays", device, e);
    }
  }

  private static LoopDevice attach(SystemCalls calls, Path file, FuseSettings.Access access)
      throws IOException {
    boolean readOnly = access == FuseSettings.Access.READ_ONLY;
    int backing = open(calls, file.toAbsolutePath(), readOnly ? LibC.O_RDONLY : LibC.O_RDWR);
    try {
      int flags = DIRECT_IO | (readOnly ? READ_ONLY : 0);
      for (int attempt = 1; ; attempt++) {
        Path device = free(calls);
        try {
          configure(calls, device, backing, flags, file);
          return made(calls, device);
        } catch (SystemCallException e) {
          if (e.error() != LibC.EBUSY || attempt == ATTEMPTS) {
            throw e;
          }
        }
      }
    } finally {
      var _ = calls.libc().close(backing);
    }
  }

  private static LoopDevice made(SystemCalls calls, Path device) throws IOException {
    try {
      return new LoopDevice(calls, device, use(device));
    } catch (IOException e) {
      new LoopDevice(calls, device, "").abandon();
      throw e;
    }
  }

  private static Path free(SystemCalls calls) throws IOException {
    if (!Files.exists(CONTROL)) {
      throw new IOException(CONTROL + " is missing; load the kernel's module with: modprobe loop");
    }
    int control = open(calls, CONTROL, LibC.O_RDWR);
    try {
      int number = calls.libc().ioctl(control, GET_FREE, 0);
      if (number < 0) {
        throw calls.failure(CONTROL + ": no free device");
      }
      return Path.of("/dev/loop" + number);
    } finally {
      var _ = calls.libc().close(control);
    }
  }

  private static void configure(SystemCalls calls, Path device, int backing, int flags, Path file)
      throws IOException {
    int fd = open(calls, device, LibC.O_RDWR);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment config = arena.allocate(CONFIG_BYTES, 8);
      config.set(ValueLayout.JAVA_INT, 0, backing);
      config.set(ValueLayout.JAVA_INT, FLAGS_AT, flags);
      byte[] name = file.toString().getBytes(Charset.defaultCharset());
      int shown = Math.min(name.length, NAME_BYTES - 1);
      MemorySegment.copy(name, 0, config, ValueLayout.JAVA_BYTE, NAME_AT, shown);
      if (calls.libc().ioctl(fd, CONFIGURE, config.address()) < 0) {
        throw calls.failure(device + ": attaching " + file);
      }
    } finally {
      var _ = calls.libc().close(fd);
    }
  }

  private static int open(SystemCalls calls, Path path, int flags) throws SystemCallException {
    int fd = calls.libc().open(path.toString(), flags | LibC.O_CLOEXEC);
    if (fd < 0) {
      throw calls.failure(path.toString());
    }
    return fd;
  }

  /** The disk, {@code /dev/loopN}. */
  public Path path() {
    return device;
  }

  /**
   * Whether it is a disk of our file still; others may detach it.
   *
   * @throws IOException when that cannot be told
   */
  public boolean isAttached() throws IOException {
    return Files.exists(backing(device)) && use(device).equals(use);
  }

  /**
   * Detaches within ten seconds.
   *
   * @throws IOException as {@link #close(Duration)}
   */
  @Override
  public void close() throws IOException {
    close(PATIENCE);
  }

  /**
   * Writes out what the disk's cache holds, and detaches. May be called again.
   *
   * @throws DeviceInUseException when somebody uses the disk for longer than {@code limit}; it then
   *     goes when the last one lets go
   * @throws IOException when it cannot be detached for another reason
   */
  public void close(Duration limit) throws IOException {
    Deadline deadline = Deadline.in(limit);
    if (!isAttached()) {
      return;
    }
    boolean asked = BoundedCall.run("detaching " + device, PATIENCE, this::clear);
    if (asked && !deadline.await(POLL, () -> !isAttached())) {
      throw new DeviceInUseException(
          device + " is in use; it goes when the last one that uses it lets go");
    }
  }

  private boolean clear() throws IOException {
    int fd = open(calls, device, LibC.O_RDWR);
    try {
      if (calls.libc().ioctl(fd, CLEAR, 0) < 0) {
        int error = calls.lastError();
        if (error != LibC.ENXIO) {
          throw calls.failure("detaching " + device, error);
        }
        return false;
      }
      return true;
    } finally {
      var _ = calls.libc().close(fd);
    }
  }

  private static Path sys(Path device) {
    return Path.of("/sys/block").resolve(device.getFileName());
  }

  private static Path backing(Path device) {
    return sys(device).resolve("loop/backing_file");
  }

  /** A number that no disk has had before; with each file that a device gets it has another. */
  private static String use(Path device) throws IOException {
    return Files.readString(sys(device).resolve("diskseq")).strip();
  }

  /** The file that a device is made of, empty when there is none. */
  static String attached(Path device) throws IOException {
    Path backing = backing(device);
    try {
      return Files.readString(backing).strip();
    } catch (IOException e) {
      if (Files.exists(backing)) {
        throw e;
      }
      return "";
    }
  }
}
