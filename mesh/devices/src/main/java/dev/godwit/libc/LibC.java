package dev.godwit.libc;

import jnr.ffi.LibraryLoader;
import jnr.ffi.annotations.In;
import jnr.ffi.annotations.Variadic;

/**
 * The few functions of the Linux C library that are needed. After a result of -1 the error number
 * is in {@code LastError}. See the manual pages of the same names.
 */
public interface LibC {
  /** open(2): read and write. */
  int O_RDWR = 2;

  /** open(2): not inherited by child processes. */
  int O_CLOEXEC = 0x80000;

  /** lseek(2): to the next data. */
  int SEEK_DATA = 3;

  /** lseek(2): to the next hole. */
  int SEEK_HOLE = 4;

  /** fallocate(2): the file's size stays as it is. */
  int FALLOC_FL_KEEP_SIZE = 1;

  /** fallocate(2): releases the range. */
  int FALLOC_FL_PUNCH_HOLE = 2;

  /** The call was interrupted by a signal. */
  int EINTR = 4;

  /** No such offset, for lseek(2). */
  int ENXIO = 6;

  /** No such operation on this device. */
  int ENODEV = 19;

  /** Not a valid argument for this file. */
  int EINVAL = 22;

  /** No such system call. */
  int ENOSYS = 38;

  /** Not supported by this file system. */
  int EOPNOTSUPP = 95;

  /** Binds the C library of this process. */
  static LibC load() {
    return LibraryLoader.create(LibC.class).load("c");
  }

  /** open(2) of a file that exists. */
  @Variadic(fixedCount = 2)
  int open(CharSequence path, int flags);

  /** sched(7): runs only when nobody else wants to. */
  int SCHED_IDLE = 5;

  /** sched_setscheduler(2) of one thread; {@code priority} is a {@code struct sched_param}. */
  int sched_setscheduler(int thread, int policy, @In int[] priority);

  /** close(2). */
  int close(int fd);

  /** lseek(2) with 64-bit offsets. */
  long lseek64(int fd, long offset, int whence);

  /** strerror(3): the text of an error number. */
  String strerror(int error);

  /** fallocate(2) with 64-bit offsets. */
  int fallocate64(int fd, int mode, long offset, long length);
}
