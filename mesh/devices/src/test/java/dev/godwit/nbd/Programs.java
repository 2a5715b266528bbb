package dev.godwit.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import dev.godwit.testing.Patience;
import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs other people's programs, never longer than a minute or a test. */
final class Programs {
  private static final long SECONDS = Patience.seconds(60).toSeconds();

  private static final Map<String, String> PACKAGES =
      Map.of(
          "nbdinfo", "libnbd-bin",
          "nbdcopy", "libnbd-bin",
          "nbdsh", "python3-libnbd",
          "nbdkit", "nbdkit",
          "qemu-img", "qemu-utils",
          "qemu-io", "qemu-utils",
          "qemu-nbd", "qemu-utils",
          "fio", "fio");

  private final Path directory;

  Programs(Path directory) {
    this.directory = directory;
  }

  /** What a program left behind. */
  record Result(int status, String out, String err) {
    Result succeeded() {
      assertEquals(0, status, () -> "exit status, output: " + out + err);
      return this;
    }
  }

  Result run(String... command) {
    return run(Map.of(), command);
  }

  Result run(Map<String, String> environment, String... command) {
    try {
      Path out = Files.createTempFile(directory, "out", "");
      Path err = Files.createTempFile(directory, "err", "");
      ProcessBuilder builder =
          builder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
      builder.environment().putAll(environment);
      // Python modules from packages are seen by the system's own Python only.
      builder.environment().merge("PATH", "", (path, _) -> "/usr/bin:" + path);
      Process process = start(builder);
      try {
        process.getOutputStream().close();
        if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
          fail(
              String.join(" ", command)
                  + " did not end; it said: "
                  + Files.readString(out)
                  + Files.readString(err));
        }
        return new Result(process.exitValue(), Files.readString(out), Files.readString(err));
      } finally {
        end(process.toHandle());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  private ProcessBuilder builder(String... command) {
    return new ProcessBuilder(List.of(command)).directory(directory.toFile());
  }

  private static Process start(ProcessBuilder builder) {
    String program = builder.command().getFirst();
    try {
      return builder.start();
    } catch (IOException e) {
      String needed = PACKAGES.getOrDefault(program, program);
      return fail(
          program + " is missing, this test needs it: apt-get install " + needed + " (" + e + ")");
    }
  }

  /** Ends a process that a test started, and what that one started. */
  private static void end(ProcessHandle process) {
    List<ProcessHandle> children = process.descendants().toList();
    process.destroyForcibly();
    children.forEach(ProcessHandle::destroyForcibly);
  }

  /** A server that runs until it is closed. */
  static final class Running implements Closeable {
    private final ProcessHandle process;
    private final NbdAddress.Unix address;

    private Running(ProcessHandle process, NbdAddress.Unix address) {
      this.process = process;
      this.address = address;
    }

    NbdAddress.Unix address() {
      return address;
    }

    @Override
    public void close() {
      end(process);
    }
  }

  /** Starts nbdkit with a plugin and filters; it is ready when this returns. */
  Running nbdkit(String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of("nbdkit", "-U", "-"));
    command.addAll(List.of(arguments));
    command.addAll(List.of("--run", "echo $unixsocket; exec cat"));
    Path err = Files.createTempFile(directory, "nbdkit", "");
    Process process = start(builder(command.toArray(String[]::new)).redirectError(err.toFile()));
    try {
      BufferedReader reader = process.inputReader();
      String socket = reader.readLine();
      if (socket == null) {
        return fail("nbdkit did not start: " + Files.readString(err));
      }
      return new Running(process.toHandle(), new NbdAddress.Unix(Path.of(socket), ""));
    } catch (IOException | RuntimeException | Error e) {
      end(process.toHandle());
      throw e;
    }
  }

  /** Starts qemu-nbd on a raw file; it is ready when this returns. */
  Running qemuNbd(Path file) throws IOException {
    Path socket = directory.resolve("qemu.sock");
    Path pid = directory.resolve("qemu.pid");
    run(
            "qemu-nbd",
            "--fork",
            "--persistent",
            "--format=raw",
            "--pid-file=" + pid,
            "--socket=" + socket,
            file.toString())
        .succeeded();
    long number = Long.parseLong(Files.readString(pid).strip());
    ProcessHandle process =
        ProcessHandle.of(number).orElseThrow(() -> new AssertionError("qemu-nbd is gone"));
    return new Running(process, new NbdAddress.Unix(socket, ""));
  }
}
