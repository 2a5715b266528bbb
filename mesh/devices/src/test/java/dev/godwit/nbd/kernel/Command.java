package dev.godwit.nbd.kernel;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.godwit.testing.Patience;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A program that is run to its end. */
final class Command {
  private static final long SECONDS = Patience.seconds(120).toSeconds();

  private Command() {}

  /**
   * Runs it and returns what it said.
   *
   * @throws AssertionError when it fails or does not end
   */
  static String run(String... command) throws IOException {
    Path said = Files.createTempFile("said", "");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(said.toFile()).start();
    try {
      boolean ended = process.waitFor(SECONDS, TimeUnit.SECONDS);
      String text = new String(Files.readAllBytes(said), UTF_8);
      if (!ended || process.exitValue() != 0) {
        String how = ended ? "failed with " + process.exitValue() : "does not end";
        throw new AssertionError(String.join(" ", command) + " " + how + ": " + text);
      }
      return text;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } finally {
      var _ = process.destroyForcibly();
      Files.delete(said);
    }
  }
}
