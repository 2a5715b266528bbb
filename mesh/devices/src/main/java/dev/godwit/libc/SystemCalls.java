package dev.godwit.libc;

import jnr.ffi.LastError;
import jnr.ffi.Runtime;

/** The C library together with its error numbers. Thread-safe. */
public final class SystemCalls {
  private final LibC libc;
  private final Runtime runtime;

  /** Calls through {@code libc}. */
  public SystemCalls(LibC libc) {
    this.libc = libc;
    this.runtime = Runtime.getRuntime(libc);
  }

  /** The functions themselves. */
  public LibC libc() {
    return libc;
  }

  /** The error number of this thread's last call, which failed. */
  public int lastError() {
    return LastError.getLastError(runtime);
  }

  /**
   * Describes this thread's last call, which failed.
   *
   * @param what what was attempted, to what
   */
  public SystemCallException failure(String what) {
    return failure(what, lastError());
  }

  /** Describes a call that failed with an error number. */
  public SystemCallException failure(String what, int error) {
    return new SystemCallException(what, error, libc.strerror(error));
  }
}
