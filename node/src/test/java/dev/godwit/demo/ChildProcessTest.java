package dev.godwit.demo;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ChildProcessTest {
  /** Says that it is there, and stays. */
  static final class Waiting {
    private Waiting() {}

    public static void main(String[] args) throws InterruptedException {
      System.out.println("{\"event\":\"ready\"}");
      Thread.currentThread().join();
    }
  }

  @Test
  void ofOneThatDoesNotEndItIsSaidWhatItsThreadsDo(@TempDir Path directory) throws Exception {
    var builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            Objects.requireNonNull(System.getProperty("java.class.path")),
            Waiting.class.getName());
    try (ChildProcess child = ChildProcess.start("waiting", directory, builder, _ -> {})) {
      child.await("ready", Duration.ofMinutes(1));
      IOException late =
          assertThrows(IOException.class, () -> child.awaitEnd(Duration.ofMillis(1)));
      String said = String.valueOf(late.getMessage());
      assertTrue(said.startsWith("waiting does not end within 0 s. Its threads:"), said);
      assertTrue(said.contains("Waiting.main"), said);
    }
  }
}
