package dev.godwit.node;

import dev.godwit.stream.Interruption;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One shell command of a hook. Starting a process takes milliseconds that the program would stand
 * still, so the shell is started ahead and waits for a line before it runs the command; when this
 * process dies, it reads the end of its input instead and ends without having done anything.
 */
final class HookCommand implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(HookCommand.class);
  private static final int SHOWN = 400;
  private static final String WAITING =
      "IFS= read -r go || exit 0; exec </dev/null; eval \"$GODWIT_HOOK\"";

  private final String name;
  private final String command;
  private final CommandHook.Surroundings surroundings;
  private @Nullable Shell waiting;

  /**
   * A command that has not run yet.
   *
   * @param name of the hook, for messages
   */
  HookCommand(String name, String command, CommandHook.Surroundings surroundings) {
    this.name = name;
    this.command = command;
    this.surroundings = surroundings;
  }

  /**
   * A shell that waits, and where its output goes: a file, since a hook may leave a program behind.
   */
  private record Shell(Process process, Path written) {}

  /** Starts the shell, unless one is waiting already. */
  synchronized void prepare() {
    if (waiting != null && waiting.process().isAlive()) {
      return;
    }
    try {
      waiting = start();
    } catch (IOException e) {
      LOG.debug("the {} hook could not be prepared", name, e);
    }
  }

  private Shell start() throws IOException {
    ProcessBuilder builder = new ProcessBuilder("sh", "-c", WAITING);
    builder.environment().putAll(surroundings.environment().get());
    builder.environment().put("GODWIT_HOOK", command);
    // Where this process puts such things, which the JDK would not ask for again.
    Path folder = Path.of(System.getProperty("java.io.tmpdir", "/tmp"));
    Path written = Files.createTempFile(folder, "godwit-hook", ".out");
    try {
      return new Shell(
          builder.redirectErrorStream(true).redirectOutput(written.toFile()).start(), written);
    } catch (IOException e) {
      Files.deleteIfExists(written);
      throw e;
    }
  }

  private synchronized Shell take() throws IOException {
    Shell shell = waiting;
    waiting = null;
    return shell != null && shell.process().isAlive() ? shell : start();
  }

  /**
   * Runs the command.
   *
   * @throws IOException when it failed or did not end in time
   */
  void run() throws IOException {
    Shell shell = take();
    Process process = shell.process();
    try {
      try (OutputStream input = process.getOutputStream()) {
        input.write('\n');
      }
      if (!process.waitFor(surroundings.limit().toMillis(), TimeUnit.MILLISECONDS)) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        throw new IOException(
            "the "
                + name
                + " hook '"
                + command
                + "' did not end within "
                + DurationWords.of(surroundings.limit()));
      }
      if (process.exitValue() != 0) {
        throw new IOException(
            "the "
                + name
                + " hook '"
                + command
                + "' failed with status "
                + process.exitValue()
                + tail(shell.written()));
      }
      String said = text(shell.written());
      if (!said.isEmpty()) {
        surroundings.told().accept(name, said);
      }
    } catch (InterruptedException e) {
      throw Interruption.passedOn("interrupted during the " + name + " hook", e);
    } finally {
      Files.deleteIfExists(shell.written());
    }
  }

  private static String tail(Path written) throws IOException {
    String text = text(written);
    return text.isEmpty() ? "" : ": " + text.replaceAll("\\s+", " ");
  }

  /** The end of what it wrote. */
  private static String text(Path written) throws IOException {
    try (FileChannel channel = FileChannel.open(written)) {
      ByteBuffer buffer = ByteBuffer.allocate(SHOWN);
      channel.read(buffer, Math.max(0, channel.size() - SHOWN));
      return new String(buffer.array(), 0, buffer.position(), StandardCharsets.UTF_8).strip();
    }
  }

  @Override
  public synchronized void close() {
    Shell shell = waiting;
    waiting = null;
    if (shell != null) {
      shell.process().destroyForcibly();
      try {
        Files.deleteIfExists(shell.written());
      } catch (IOException e) {
        LOG.debug("a temporary file stays behind", e);
      }
    }
  }
}
