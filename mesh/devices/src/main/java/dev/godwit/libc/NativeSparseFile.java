package dev.godwit.libc;

import dev.godwit.backend.SparseFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import jnr.ffi.LastError;
import jnr.ffi.Runtime;

/**
 * The holes of a regular file by {@code lseek(2)} with SEEK_DATA and SEEK_HOLE and by {@code
 * fallocate(2)}. On file systems that know no holes the file is one piece of data. Thread-safe.
 */
public final class NativeSparseFile implements SparseFile {
  private static final int CLOSED = Integer.MIN_VALUE;

  private final LibC libc;
  private final Runtime runtime;
  private final int fd;
  private final Path file;

  /**
   * Calls under way, plus {@link #CLOSED} once closed. The last one out closes the descriptor, so a
   * number that the system has given to another file by then is never used.
   */
  private final AtomicInteger users = new AtomicInteger();

  private NativeSparseFile(LibC libc, int fd, Path file) {
    this.libc = libc;
    this.runtime = Runtime.getRuntime(libc);
    this.fd = fd;
    this.file = file;
  }

  /** Opens files with a C library of its own; block devices and the like are taken as dense. */
  public static SparseFile.Opener opener() {
    LibC libc = LibC.load();
    return file -> open(libc, file);
  }

  private static SparseFile open(LibC libc, Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      return SparseFile.dense();
    }
    int fd = libc.open(file.toAbsolutePath().toString(), LibC.O_RDWR | LibC.O_CLOEXEC);
    if (fd < 0) {
      throw failure(libc, file, "open", LastError.getLastError(Runtime.getRuntime(libc)));
    }
    return new NativeSparseFile(libc, fd, file);
  }

  @Override
  public long nextData(long from) throws IOException {
    return seek(from, LibC.SEEK_DATA);
  }

  @Override
  public long nextHole(long from) throws IOException {
    return seek(from, LibC.SEEK_HOLE);
  }

  private long seek(long from, int whence) throws IOException {
    enter();
    try {
      long found = libc.lseek64(fd, from, whence);
      if (found >= 0) {
        return found;
      }
      boolean data = whence == LibC.SEEK_DATA;
      int error = LastError.getLastError(runtime);
      return switch (error) {
        // Nothing but a hole up to the end; or already behind the end, which counts as a hole.
        case LibC.ENXIO -> data ? -1 : from;
        case LibC.EINVAL, LibC.EOPNOTSUPP -> data ? from : Long.MAX_VALUE;
        default -> throw failure(libc, file, "lseek", error);
      };
    } finally {
      leave();
    }
  }

  @Override
  public boolean punch(long offset, long length) throws IOException {
    enter();
    try {
      int mode = LibC.FALLOC_FL_PUNCH_HOLE | LibC.FALLOC_FL_KEEP_SIZE;
      int error;
      do {
        if (libc.fallocate64(fd, mode, offset, length) == 0) {
          return true;
        }
        error = LastError.getLastError(runtime);
      } while (error == LibC.EINTR);
      return switch (error) {
        case LibC.EINVAL, LibC.EOPNOTSUPP, LibC.ENOSYS, LibC.ENODEV -> false;
        default -> throw failure(libc, file, "fallocate", error);
      };
    } finally {
      leave();
    }
  }

  private void enter() throws IOException {
    if (users.getAndUpdate(count -> count < 0 ? count : count + 1) < 0) {
      throw new IOException(file + " is closed");
    }
  }

  private void leave() {
    if (users.decrementAndGet() == CLOSED) {
      closeDescriptor();
    }
  }

  @Override
  public void close() {
    int before = users.getAndUpdate(count -> count < 0 ? count : count + CLOSED);
    if (before == 0) {
      closeDescriptor();
    }
  }

  private void closeDescriptor() {
    // Nothing was written through this descriptor, so there is nothing an error could tell.
    var _ = libc.close(fd);
  }

  private static IOException failure(LibC libc, Path file, String call, int error) {
    return new IOException(file + ": " + call + ": " + libc.strerror(error));
  }
}
