package dev.godwit.fuse;

import dev.godwit.libc.SystemCalls;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;

/** How a file system gets into the kernel's tree of files, and out of it. Thread-safe. */
sealed interface Mounter permits RootMounter, UserMounter {
  /** The type of our mounts in the table of mounts. */
  String TYPE = "fuse.godwit";

  /** The one that this process may use. */
  static Mounter of(SystemCalls calls) {
    return calls.libc().geteuid() == 0 ? new RootMounter(calls) : new UserMounter(calls);
  }

  /** What came of an attempt to unmount. */
  enum Outcome {
    /** Nothing of ours is mounted there any more. */
    GONE,
    /** Somebody uses it. */
    BUSY
  }

  /**
   * Mounts over a file that exists. The kernel's first request waits at the device that is
   * returned.
   *
   * @throws IOException when that is not possible; then nothing is mounted
   */
  KernelFuseDevice mount(Path file, FuseSettings settings, Duration limit) throws IOException;

  /**
   * Unmounts what nobody uses.
   *
   * @throws IOException when that is not possible for another reason
   */
  Outcome unmount(Path file, Duration limit) throws IOException;

  /**
   * Takes the mount out of sight, whoever uses it.
   *
   * @throws IOException when that is not possible
   */
  void detach(Path file, Duration limit) throws IOException;

  /** The options that all ways of mounting share. */
  static String options(FuseSettings settings) {
    return "max_read="
        + Protocol.MAX_TRANSFER
        + ",default_permissions"
        + (settings.isShared() ? ",allow_other" : "");
  }
}
