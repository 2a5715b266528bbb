package dev.godwit.nbd;

import dev.godwit.backend.BackendClosedException;
import dev.godwit.backend.OutOfRangeException;
import dev.godwit.chunk.FencedException;
import dev.godwit.libc.DiskFull;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.ReadOnlyFileSystemException;
import org.jspecify.annotations.Nullable;

/** The error numbers that the NBD protocol allows in a reply. */
public enum NbdError {
  /** Not permitted: a write to a read-only export. */
  EPERM(1),
  /** The medium failed. */
  EIO(5),
  /** Out of memory. */
  ENOMEM(12),
  /** The request is malformed or its range lies outside the export. */
  EINVAL(22),
  /** No space left, or a write past the end of the export. */
  ENOSPC(28),
  /** Too large to be answered without fragments. */
  EOVERFLOW(75),
  /** Zeroing this range would not be faster than writing it. */
  ENOTSUP(95),
  /** The server is going away, or another node owns the data by now. */
  ESHUTDOWN(108);

  private final int code;

  NbdError(int code) {
    this.code = code;
  }

  /** The number on the wire. */
  public int code() {
    return code;
  }

  /** The error with a number; numbers that the protocol does not define count as {@link #EIO}. */
  public static NbdError ofCode(int code) {
    for (NbdError error : values()) {
      if (error.code == code) {
        return error;
      }
    }
    return EIO;
  }

  /**
   * What a client is told when a backend call failed. Everything without a better number is {@link
   * #EIO}.
   */
  public static NbdError of(Exception failure) {
    return switch (failure) {
      case NbdException e -> e.error();
      case OutOfRangeException _ -> EINVAL;
      case BackendClosedException _ -> ESHUTDOWN;
      case FencedException _ -> ESHUTDOWN;
      case AccessDeniedException _ -> EPERM;
      case ReadOnlyFileSystemException _ -> EPERM;
      case FileSystemException e -> ofText(e.getReason());
      case IOException e -> ofText(e.getMessage());
      default -> EIO;
    };
  }

  private static NbdError ofText(@Nullable String text) {
    return DiskFull.isSaidBy(text) ? ENOSPC : EIO;
  }
}
