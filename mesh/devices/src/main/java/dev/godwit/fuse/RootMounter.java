package dev.godwit.fuse;

import dev.godwit.libc.LibC;
import dev.godwit.libc.SystemCalls;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;

/** {@code mount(2)} and {@code umount2(2)}, for those who may. */
final class RootMounter implements Mounter {
  /** umount2(2): a symbolic link is not followed. */
  private static final int UMOUNT_NOFOLLOW = 8;

  private final SystemCalls calls;
  private final LibC libc;

  RootMounter(SystemCalls calls) {
    this.calls = calls;
    this.libc = calls.libc();
  }

  @Override
  public KernelFuseDevice mount(Path file, FuseSettings settings, Duration limit)
      throws IOException {
    KernelFuseDevice device = KernelFuseDevice.open(calls);
    boolean readOnly = settings.access() == FuseSettings.Access.READ_ONLY;
    int flags = LibC.MS_NOSUID | LibC.MS_NODEV | (readOnly ? LibC.MS_RDONLY : 0);
    String options =
        "fd="
            + device.number()
            + ",rootmode="
            + Integer.toOctalString(Protocol.S_IFREG)
            + ",user_id="
            + libc.geteuid()
            + ",group_id="
            + libc.getegid()
            + ","
            + Mounter.options(settings);
    if (libc.mount("godwit", file.toString(), TYPE, flags, options) == 0) {
      return device;
    }
    int error = calls.lastError();
    device.close();
    throw calls.failure(
        switch (error) {
          case LibC.EPERM -> "mounting over " + file + " needs the capability CAP_SYS_ADMIN";
          case LibC.ENODEV -> "this kernel has no FUSE; load its module with: modprobe fuse";
          default -> "mounting over " + file;
        },
        error);
  }

  @Override
  public Outcome unmount(Path file, Duration limit) throws IOException {
    return umount(file, UMOUNT_NOFOLLOW);
  }

  @Override
  public void detach(Path file, Duration limit) throws IOException {
    // With force the connection is aborted first, so that not even this call has to wait for us.
    var _ = umount(file, UMOUNT_NOFOLLOW | LibC.MNT_FORCE | LibC.MNT_DETACH);
  }

  private Outcome umount(Path file, int flags) throws IOException {
    if (libc.umount2(file.toString(), flags) == 0) {
      return Outcome.GONE;
    }
    int error = calls.lastError();
    return switch (error) {
      case LibC.EBUSY -> Outcome.BUSY;
      // Somebody else was faster.
      case LibC.EINVAL, LibC.ENOENT -> Outcome.GONE;
      default -> throw calls.failure("unmounting " + file, error);
    };
  }
}
