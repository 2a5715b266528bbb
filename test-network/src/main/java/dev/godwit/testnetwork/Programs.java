package dev.godwit.testnetwork;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs programs of other people. */
public final class Programs {
  private static final Duration LIMIT = World.PATIENCE;

  /** The Debian packages of what is not on every machine. */
  private static final Map<String, String> PACKAGES =
      Map.of(
          "fio", "fio",
          "nbdinfo", "libnbd-bin",
          "nbdcopy", "libnbd-bin",
          "qemu-io", "qemu-utils",
          "mkfs.ext4", "e2fsprogs",
          "e2fsck", "e2fsprogs",
          "ss", "iproute2",
          "kill", "procps",
          "unshare", "util-linux");

  private final Path directory;
  private final Map<String, String> environment;

  Programs(Path directory, Map<String, String> environment) {
    this.directory = directory;
    this.environment = environment;
  }

  /**
   * Prepares a program, with nothing on its standard input.
   *
   * @throws IOException when it is missing; says which package has it
   */
  public ProcessBuilder builder(List<String> command) throws IOException {
    List<String> resolved = new ArrayList<>(command);
    resolved.set(0, find(command.getFirst()));
    ProcessBuilder builder = new ProcessBuilder(resolved).directory(directory.toFile());
    builder.environment().putAll(environment);
    return builder.redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")));
  }

  /** Programs for administrators are not in everybody's PATH. */
  private static String find(String program) throws IOException {
    if (program.contains("/")) {
      return program;
    }
    String path = System.getenv().getOrDefault("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin";
    for (String folder : path.split(":", -1)) {
      Path file = Path.of(folder, program);
      if (Files.isExecutable(file)) {
        return file.toString();
      }
    }
    String wanted = PACKAGES.getOrDefault(program, program);
    throw new IOException(
        "The program '" + program + "' is missing. Install it: apt-get install " + wanted);
  }

  /** Runs a program to its end. */
  public Outcome run(String... command) throws IOException, InterruptedException {
    return run("", List.of(command));
  }

  /**
   * Runs a program to its end.
   *
   * @param input what it reads from its standard input
   */
  public Outcome run(String input, List<String> command) throws IOException, InterruptedException {
    Path in = Files.createTempFile(directory, "in", "");
    Path out = Files.createTempFile(directory, "out", "");
    Path err = Files.createTempFile(directory, "err", "");
    Files.writeString(in, input);
    Process process =
        builder(command)
            .redirectInput(in.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    try {
      boolean ended = process.waitFor(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
      Outcome outcome =
          new Outcome(
              String.join(" ", command),
              ended ? process.exitValue() : -1,
              Files.readString(out),
              Files.readString(err));
      if (!ended) {
        throw new IOException("It does not end: " + outcome);
      }
      return outcome;
    } finally {
      process.destroyForcibly();
      Files.delete(in);
      Files.delete(out);
      Files.delete(err);
    }
  }

  /** How many bytes of a file take up space. */
  public long allocated(Path file) throws IOException, InterruptedException {
    String du = run("du", "--block-size=1", file.toString()).succeeded().out();
    return Long.parseLong(du.substring(0, du.indexOf('\t')));
  }
}
