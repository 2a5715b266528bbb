package dev.godwit.libc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class CompilerThreadsTest {
  /** Of the lines of a thread's {@code sched} file, the one with the policy. */
  private static String policy(Path thread) throws IOException {
    return Files.readAllLines(thread.resolve("sched")).stream()
        .filter(line -> line.startsWith("policy"))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst()
        .orElseThrow();
  }

  private static List<Path> compilers() throws IOException {
    try (Stream<Path> threads = Files.list(Path.of("/proc/self/task"))) {
      return threads
          .filter(
              thread -> {
                try {
                  return Files.readString(thread.resolve("comm")).matches("(?s)C[12] Compiler.*");
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              })
          .toList();
    }
  }

  @Test
  void compilersThatStepBackRunOnlyWhenNobodyElseWantsTo() throws Exception {
    int count = new CompilerThreads(LibC.load()).stepBack();
    List<Path> compilers = compilers();
    assertTrue(count > 0, "a virtual machine compiles");
    assertEquals(compilers.size(), count);
    for (Path compiler : compilers) {
      assertEquals(Integer.toString(LibC.SCHED_IDLE), policy(compiler));
    }
    assertEquals("0", policy(Path.of("/proc/thread-self")), "the others stay as they were");
  }
}
