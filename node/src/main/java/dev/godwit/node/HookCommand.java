package dev.godwit.node;

import dev.godwit.stream.Interruption;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
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
  private final Map<String, String> environment;
  private final Duration limit;
  private @Nullable Shell waiting;

  HookCommand(String name, String command, Map<String, String> environment, Duration limit) {
    this.name = name;
    this.command = command;
    this.environment = Map.copyOf(environment);
    this.limit = limit;
  }

  /**
   * A shell that waits, and where its errors go: a file, since a hook may leave a program behind.
   */
  private record Shell(Process process, Path errors) {}

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
    builder.environment().putAll(environment);
    builder.environment().put("GODWIT_HOOK", command);
    builder.redirectOutput(ProcessBuilder.Redirect.to(new File("/dev/null")));
    Path errors = Files.createTempFile("godwit-hook", ".err");
    try {
      return new Shell(builder.redirectError(errors.toFile()).start(), errors);
    } catch (IOException e) {
      Files.deleteIfExists(errors);
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
      if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        throw new IOException(
            "the "
                + name
                + " hook '"
                + command
                + "' did not end within "
                + limit.toSeconds()
                + " s");
      }
      if (process.exitValue() != 0) {
        throw new IOException(
            "the "
                + name
                + " hook '"
                + command
                + "' failed with status "
                + process.exitValue()
                + tail(shell.errors()));
      }
    } catch (InterruptedException e) {
      throw Interruption.passedOn("interrupted during the " + name + " hook", e);
    } finally {
      Files.deleteIfExists(shell.errors());
    }
  }

  private static String tail(Path errors) throws IOException {
    try (FileChannel channel = FileChannel.open(errors)) {
      ByteBuffer buffer = ByteBuffer.allocate(SHOWN);
      channel.read(buffer, Math.max(0, channel.size() - SHOWN));
      String text =
          new String(buffer.array(), 0, buffer.position(), StandardCharsets.UTF_8).strip();
      return text.isEmpty() ? "" : ": " + text.replaceAll("\\s+", " ");
    }
  }

  @Override
  public synchronized void close() {
    Shell shell = waiting;
    waiting = null;
    if (shell != null) {
      shell.process().destroyForcibly();
      try {
        Files.deleteIfExists(shell.errors());
      } catch (IOException e) {
        LOG.debug("a temporary file stays behind", e);
      }
    }
  }
}
