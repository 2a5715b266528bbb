package dev.godwit.demo;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
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

  /** More than the scheduler of virtual threads makes up for: 256. */
  @Test
  void processesThatSayNothingLeaveTheirTurnToVirtualThreads(@TempDir Path directory)
      throws Exception {
    Deque<ChildProcess> silent = new ArrayDeque<>();
    try {
      for (int i = 0; i < 260; i++) {
        var builder = new ProcessBuilder("sleep", "600");
        silent.push(ChildProcess.start("silent-" + i, directory, builder, _ -> {}));
      }
      var ran = new CountDownLatch(1);
      Thread.ofVirtual().start(ran::countDown);
      assertTrue(ran.await(60, TimeUnit.SECONDS));
    } finally {
      while (!silent.isEmpty()) {
        silent.pop().close();
      }
    }
  }
}
