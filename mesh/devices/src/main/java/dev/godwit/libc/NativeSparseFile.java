package dev.godwit.libc;

import dev.godwit.backend.SparseFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The holes of a regular file by {@code lseek(2)} with SEEK_DATA and SEEK_HOLE and by {@code
 * fallocate(2)}. On file systems that know no holes the file is one piece of data, and so is a disk
 * always, in which a hole is made by having the disk write zeroes itself. Thread-safe.
 */
public final class NativeSparseFile implements SparseFile {
  private final SystemCalls calls;
  private final Descriptor descriptor;
  private final Path file;
  private final Seeks seeks;

  private enum Seeks {
    TELL,
    TELL_NOTHING
  }

  private NativeSparseFile(SystemCalls calls, Descriptor descriptor, Path file, Seeks seeks) {
    this.calls = calls;
    this.descriptor = descriptor;
    this.file = file;
    this.seeks = seeks;
  }

  /** Opens files and disks; what is neither is taken as dense. */
  public static SparseFile.Opener opener() {
    var calls = new SystemCalls(LibC.load());
    return file -> open(calls, file);
  }

  private static SparseFile open(SystemCalls calls, Path file) throws IOException {
    boolean regular = Files.isRegularFile(file);
    if (!regular && !BlockDevice.isAt(file)) {
      return SparseFile.dense();
    }
    LibC libc = calls.libc();
    int number = libc.open(file.toAbsolutePath().toString(), LibC.O_RDWR | LibC.O_CLOEXEC);
    if (number < 0) {
      throw calls.failure(file + ": open");
    }
    return new NativeSparseFile(
        calls,
        new Descriptor(libc, number),
        file,
        // Asked for the end of its data, the driver of a disk may name a number that means nothing.
        regular ? Seeks.TELL : Seeks.TELL_NOTHING);
  }

  @Override
  public long nextData(long from) throws IOException {
    return seeks == Seeks.TELL ? seek(from, LibC.SEEK_DATA) : from;
  }

  @Override
  public long nextHole(long from) throws IOException {
    return seeks == Seeks.TELL ? seek(from, LibC.SEEK_HOLE) : Long.MAX_VALUE;
  }

  private long seek(long from, int whence) throws IOException {
    enter();
    try {
      long found = calls.libc().lseek64(descriptor.number(), from, whence);
      if (found >= 0) {
        return found;
      }
      boolean data = whence == LibC.SEEK_DATA;
      int error = calls.lastError();
      return switch (error) {
        // Nothing but a hole up to the end; or already behind the end, which counts as a hole.
        case LibC.ENXIO -> data ? -1 : from;
        case LibC.EINVAL, LibC.EOPNOTSUPP -> data ? from : Long.MAX_VALUE;
        default -> throw calls.failure(file + ": lseek", error);
      };
    } finally {
      descriptor.leave();
    }
  }

  @Override
  public boolean punch(long offset, long length) throws IOException {
    enter();
    try {
      int mode = LibC.FALLOC_FL_PUNCH_HOLE | LibC.FALLOC_FL_KEEP_SIZE;
      int error;
      do {
        if (calls.libc().fallocate64(descriptor.number(), mode, offset, length) == 0) {
          return true;
        }
        error = calls.lastError();
      } while (error == LibC.EINTR);
      return switch (error) {
        case LibC.EINVAL, LibC.EOPNOTSUPP, LibC.ENOSYS, LibC.ENODEV, LibC.EBUSY -> false;
        default -> throw calls.failure(file + ": fallocate", error);
      };
    } finally {
      descriptor.leave();
    }
  }

  private void enter() throws IOException {
    if (!descriptor.enter()) {
      throw new IOException(file + " is closed");
    }
  }

  @Override
  public void close() {
    descriptor.close();
  }
}
