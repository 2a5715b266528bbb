package dev.godwit.fuse;

import dev.godwit.libc.DescriptorSource;
import dev.godwit.libc.LibC;
import dev.godwit.libc.SystemCallException;
import dev.godwit.libc.SystemCalls;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * {@code fusermount3(1)}, which mounts for ordinary users: it opens the device, mounts it, and
 * passes the descriptor back.
 */
final class UserMounter implements Mounter {
  private static final String PROGRAM = "fusermount3";

  /** Names the socket through which the descriptor comes back. */
  private static final String SOCKET_VARIABLE = "_FUSE_COMMFD";

  private final SystemCalls calls;

  UserMounter(SystemCalls calls) {
    this.calls = calls;
  }

  @Override
  public KernelFuseDevice mount(Path file, FuseSettings settings, Duration limit)
      throws IOException {
    boolean readOnly = settings.access() == FuseSettings.Access.READ_ONLY;
    String options =
        (readOnly ? "ro" : "rw")
            + ",nosuid,nodev,fsname=godwit,subtype=godwit,"
            + Mounter.options(settings);
    List<String> command = List.of(PROGRAM, "-o", options, "--", file.toString());
    try {
      int fd = new DescriptorSource(calls).run(command, SOCKET_VARIABLE, limit);
      return new KernelFuseDevice(calls, fd);
    } catch (SystemCallException e) {
      throw e.error() == LibC.ENOENT ? missing(e) : e;
    }
  }

  @Override
  public Outcome unmount(Path file, Duration limit) throws IOException {
    return run(file, limit, "-u");
  }

  @Override
  public void detach(Path file, Duration limit) throws IOException {
    var _ = run(file, limit, "-u", "-z");
  }

  private static Outcome run(Path file, Duration limit, String... flags) throws IOException {
    List<String> command = new ArrayList<>(List.of(PROGRAM));
    command.addAll(List.of(flags));
    command.addAll(List.of("--", file.toString()));
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("LC_ALL", "C");
    Process process;
    try {
      process = builder.start();
    } catch (IOException e) {
      throw missing(e);
    }
    try {
      process.getOutputStream().close();
      if (!process.waitFor(limit.toNanos(), TimeUnit.NANOSECONDS)) {
        throw new IOException(PROGRAM + " did not end within " + limit.toMillis() + " ms");
      }
      if (process.exitValue() == 0) {
        return Outcome.GONE;
      }
      String said =
          new String(process.getInputStream().readAllBytes(), Charset.defaultCharset()).strip();
      if (said.contains("resource busy")) {
        return Outcome.BUSY;
      }
      if (MountTable.now().at(file).isEmpty()) {
        return Outcome.GONE;
      }
      throw new IOException("unmounting " + file + ": " + said);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while " + PROGRAM + " was running", e);
    } finally {
      process.destroyForcibly();
    }
  }

  private static IOException missing(IOException cause) {
    return new IOException(
        PROGRAM
            + " cannot be run; ordinary users need it to mount, install it with:"
            + " apt-get install fuse3",
        cause);
  }
}
