package dev.godwit.node;

import dev.godwit.migration.ProgramHook;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Stops and starts a program with shell commands. A command that ends with a status other than 0,
 * or does not end in time, counts as failed; what it wrote to its standard error is in the message.
 *
 * @param suspendCommand the command that stops the program, or null when nothing has to be done
 * @param resumeCommand the command that lets it go on, or null
 * @param environment added to the command's environment
 * @param limit how long a command may take
 */
public record CommandHook(
    @Nullable String suspendCommand,
    @Nullable String resumeCommand,
    Map<String, String> environment,
    Duration limit)
    implements ProgramHook {
  private static final int SHOWN = 400;

  /** Copies the environment. */
  public CommandHook {
    environment = Map.copyOf(environment);
  }

  @Override
  public void suspend() throws IOException {
    run("suspend", suspendCommand);
  }

  @Override
  public void resume() throws IOException {
    run("resume", resumeCommand);
  }

  private void run(String which, @Nullable String command) throws IOException {
    if (command == null) {
      return;
    }
    ProcessBuilder builder = new ProcessBuilder("sh", "-c", command);
    builder.environment().putAll(environment);
    builder.redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")));
    builder.redirectOutput(ProcessBuilder.Redirect.DISCARD);
    // A file, not a pipe: a hook may leave a program running that inherits it.
    java.nio.file.Path errors = java.nio.file.Files.createTempFile("godwit-hook", ".err");
    try {
      builder.redirectError(errors.toFile());
      Process process = builder.start();
      if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
        throw new IOException(
            "the "
                + which
                + " hook '"
                + command
                + "' did not end within "
                + limit.toSeconds()
                + " s");
      }
      if (process.exitValue() != 0) {
        throw new IOException(
            "the "
                + which
                + " hook '"
                + command
                + "' failed with status "
                + process.exitValue()
                + tail(errors));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw (IOException)
          new java.io.InterruptedIOException("interrupted during the " + which + " hook")
              .initCause(e);
    } finally {
      java.nio.file.Files.deleteIfExists(errors);
    }
  }

  private static String tail(java.nio.file.Path errors) throws IOException {
    try (var channel = java.nio.channels.FileChannel.open(errors)) {
      long from = Math.max(0, channel.size() - SHOWN);
      var buffer = java.nio.ByteBuffer.allocate(SHOWN);
      channel.read(buffer, from);
      String text =
          new String(buffer.array(), 0, buffer.position(), StandardCharsets.UTF_8).strip();
      return text.isEmpty() ? "" : ": " + text.replaceAll("\\s+", " ");
    }
  }
}
