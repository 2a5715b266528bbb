package dev.godwit.fuse;

import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import dev.godwit.testing.Patience;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Runs programs that use a mounted file, none of them for longer than a minute or than the test.
 * Whoever waits for such a program waits for the mount, so nothing here waits without a limit.
 */
final class Children implements AutoCloseable {
  private static final long SECONDS = Patience.seconds(60).toSeconds();

  private static final String CLASS_PATH = System.getProperty("java.class.path");

  /** What the archives are called that our classes need. */
  private static final List<String> NEEDED =
      List.of("jnr-", "jffi", "asm", "slf4j", "jspecify", "godwit");

  private static final List<String> AS_NOBODY =
      List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups");

  private static final Map<String, String> PACKAGES =
      Map.of(
          "mkfs.ext4", "e2fsprogs",
          "e2fsck", "e2fsprogs",
          "losetup", "mount",
          "fio", "fio",
          "fusermount3", "fuse3");

  private final Path directory;
  private final ConcurrentLinkedDeque<Process> started = new ConcurrentLinkedDeque<>();

  Children(Path directory) {
    this.directory = directory;
  }

  /** What a program left behind. */
  record Result(int status, String said) {
    Result succeeded() {
      assertEquals(0, status, () -> "exit status; it said: " + said);
      return this;
    }

    Result failed(String reason) {
      if (status == 0 || !said.contains(reason)) {
        fail("status " + status + " and not \"" + reason + "\", but: " + said);
      }
      return this;
    }
  }

  /** Runs a program to its end. */
  Result run(String... command) throws IOException {
    Path said = Files.createTempFile(directory, "said", "");
    Process process = start(said, command);
    try {
      process.getOutputStream().close();
      if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
        fail(String.join(" ", command) + " did not end; it said: " + Files.readString(said));
      }
      return new Result(process.exitValue(), Files.readString(said).strip());
    } catch (InterruptedException e) {
      throw interrupted(e);
    } finally {
      end(process);
    }
  }

  private Process start(Path said, String... command) {
    var builder = new ProcessBuilder(command).directory(directory.toFile());
    builder.redirectErrorStream(true).redirectOutput(said.toFile());
    return start(builder);
  }

  private Process start(ProcessBuilder builder) {
    builder.environment().put("LC_ALL", "C");
    builder.environment().merge("PATH", "", (path, _) -> path + ":/usr/sbin:/sbin");
    String program = builder.command().getFirst();
    try {
      Process process = builder.start();
      started.add(process);
      return process;
    } catch (IOException e) {
      String needed = PACKAGES.getOrDefault(program, program);
      return fail(
          program + " is missing, this test needs it: apt-get install " + needed + " (" + e + ")");
    }
  }

  /** Starts a program that says "ready" when it is. */
  Running start(String... command) throws IOException {
    Running running = begin(command);
    String line = running.line();
    assertEquals("ready", line, () -> "it said: " + running.errors());
    return running;
  }

  private Running begin(String... command) throws IOException {
    Path errors = Files.createTempFile(directory, "errors", "");
    var builder = new ProcessBuilder(command).directory(directory.toFile());
    return new Running(start(builder.redirectError(errors.toFile())), errors);
  }

  /** Starts one of our own classes as the user whom Linux calls nobody. */
  Running javaAsNobody(Map<String, String> environment, Class<?> main, String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>(AS_NOBODY);
    command.add("env");
    environment.forEach((name, value) -> command.add(name + "=" + value));
    command.addAll(List.of(javaCommand(readableClasses(), main, arguments)));
    return begin(command.toArray(String[]::new));
  }

  /** Runs a program as the user whom Linux calls nobody. */
  Result runAsNobody(String... command) throws IOException {
    List<String> all = new ArrayList<>(AS_NOBODY);
    all.addAll(List.of(command));
    return run(all.toArray(String[]::new));
  }

  /** The class path with copies of the archives, which may lie where only we can look. */
  private String readableClasses() throws IOException {
    List<String> entries = new ArrayList<>();
    for (String entry : CLASS_PATH.split(File.pathSeparator, -1)) {
      Path original = Path.of(entry);
      boolean needed = NEEDED.stream().anyMatch(name -> entry.contains(name));
      if (Files.isRegularFile(original) && needed) {
        Path copy = directory.resolve(original.getFileName());
        entries.add(Files.copy(original, copy, REPLACE_EXISTING).toString());
      } else if (Files.isDirectory(original)) {
        entries.add(entry);
      }
    }
    return String.join(File.pathSeparator, entries);
  }

  /** Starts one of our own classes in a virtual machine of its own. */
  Running java(Class<?> main, String... arguments) throws IOException {
    return start(javaCommand(CLASS_PATH, main, arguments));
  }

  /** Runs one of our own classes in a virtual machine of its own. */
  Result runJava(Class<?> main, String... arguments) throws IOException {
    return run(javaCommand(CLASS_PATH, main, arguments));
  }

  private static String[] javaCommand(String classPath, Class<?> main, String... arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                classPath,
                main.getName()));
    command.addAll(List.of(arguments));
    return command.toArray(String[]::new);
  }

  private static InterruptedIOException interrupted(InterruptedException cause) {
    Thread.currentThread().interrupt();
    var e = new InterruptedIOException("interrupted");
    e.initCause(cause);
    return e;
  }

  private static void end(Process process) {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }

  /** Takes away what a failed test has left mounted in its directory. */
  void unmount(String name) throws IOException {
    if (MountTable.now().at(directory.toRealPath().resolve(name)).isPresent()) {
      run("umount", "--force", "--lazy", name).succeeded();
    }
  }

  /** Ends whatever still runs. */
  @Override
  public void close() {
    started.forEach(Children::end);
  }

  /** A program that runs beside the test. */
  static final class Running {
    private final Process process;
    private final Path errors;
    private final BufferedReader out;

    private Running(Process process, Path errors) {
      this.process = process;
      this.errors = errors;
      this.out = process.inputReader();
    }

    /** The next line that it prints. */
    String line() throws IOException {
      var task = new FutureTask<String>(() -> String.valueOf(out.readLine()));
      var _ = Thread.ofPlatform().daemon().start(task);
      try {
        return task.get(SECONDS, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        throw interrupted(e);
      } catch (ExecutionException | TimeoutException e) {
        return fail("no line came; it said: " + errors(), e);
      }
    }

    /** What it complained of. */
    String errors() {
      try {
        return Files.readString(errors).strip();
      } catch (IOException e) {
        return e.toString();
      }
    }

    /** Closes its standard input. */
    void letGo() throws IOException {
      process.getOutputStream().close();
    }

    /** The signal that nobody can ignore. */
    void kill() {
      process.destroyForcibly();
    }

    /** Waits until it is gone, not just dying. */
    int awaitEnd() throws IOException {
      try {
        if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
          fail("the process does not end; it said: " + errors());
        }
        return process.exitValue();
      } catch (InterruptedException e) {
        throw interrupted(e);
      }
    }
  }
}
