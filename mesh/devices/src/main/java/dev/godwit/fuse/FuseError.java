package dev.godwit.fuse;

import dev.godwit.backend.BackendClosedException;
import dev.godwit.backend.OutOfRangeException;
import dev.godwit.chunk.FencedException;
import dev.godwit.libc.DiskFull;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.ReadOnlyFileSystemException;
import org.jspecify.annotations.Nullable;

/** What a program is told when its call failed: error numbers of {@code errno(3)}. */
enum FuseError {
  /** Not permitted: the file cannot become shorter. */
  EPERM(1),
  /** There is no such file. */
  ENOENT(2),
  /** A signal arrived first. */
  EINTR(4),
  /** The medium failed. */
  EIO(5),
  /** No such offset: nothing but a hole follows. */
  ENXIO(6),
  /** Not now: the kernel asks again. */
  EAGAIN(11),
  /** Not allowed to this user. */
  EACCES(13),
  /** The request makes no sense. */
  EINVAL(22),
  /** The file cannot become longer. */
  EFBIG(27),
  /** The medium is full, or the write is behind the end. */
  ENOSPC(28),
  /** The mount is read-only. */
  EROFS(30),
  /** Not offered here; the kernel does without and asks no more. */
  ENOSYS(38),
  /** The kernel speaks a protocol that we do not. */
  EPROTO(71),
  /** Not offered for this file. */
  EOPNOTSUPP(95),
  /** The mount has ended. */
  ENOTCONN(107),
  /** The file is another node's by now. */
  ESTALE(116);

  private final int code;

  FuseError(int code) {
    this.code = code;
  }

  /** The number, positive. */
  int code() {
    return code;
  }

  /** What fits a backend's failure. Everything without a better number is {@link #EIO}. */
  static FuseError of(Exception failure) {
    return switch (failure) {
      case OutOfRangeException _ -> EINVAL;
      case BackendClosedException _ -> ENOTCONN;
      case FencedException _ -> ESTALE;
      case AccessDeniedException _ -> EACCES;
      case ReadOnlyFileSystemException _ -> EROFS;
      case FileSystemException e -> ofText(e.getReason());
      case IOException e -> ofText(e.getMessage());
      default -> EIO;
    };
  }

  private static FuseError ofText(@Nullable String text) {
    return DiskFull.isSaidBy(text) ? ENOSPC : EIO;
  }
}
