package dev.godwit.libc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ExclusiveLockTest {
  private static final int RIVALS = 4;
  private static final int ROUNDS = 500;

  @TempDir private Path folder;

  private Optional<ExclusiveLock> take() throws IOException {
    return ExclusiveLock.take(folder.resolve("lock"));
  }

  /** Another program, as flock(1) asks. */
  private boolean isFreeForOthers() throws Exception {
    return new ProcessBuilder("flock", "-n", folder.resolve("lock").toString(), "true")
            .start()
            .waitFor()
        == 0;
  }

  @Test
  void onlyOneHasItUntilItIsGivenBack() throws Exception {
    try (ExclusiveLock _ = take().orElseThrow()) {
      assertTrue(take().isEmpty());
      assertFalse(isFreeForOthers());
    }
    assertTrue(isFreeForOthers());
    take().orElseThrow().close();
  }

  /** POSIX locks, which Java has, would be gone. */
  @Test
  void whoReadsTheFileElsewhereInTheProcessDoesNotEndIt() throws Exception {
    try (ExclusiveLock _ = take().orElseThrow()) {
      try (FileChannel other = FileChannel.open(folder.resolve("lock"), StandardOpenOption.READ)) {
        assertEquals(0, other.size());
      }
      assertFalse(isFreeForOthers());
    }
  }

  @Test
  void aFileThatIsHeldIsHeldByAllItsNames() throws Exception {
    Path file = Files.createFile(folder.resolve("lock"));
    Path other = Files.createLink(folder.resolve("other"), file);
    try (ExclusiveLock _ = ExclusiveLock.hold(other).orElseThrow()) {
      assertTrue(ExclusiveLock.hold(file).isEmpty());
      assertFalse(isFreeForOthers());
    }
    ExclusiveLock.hold(file).orElseThrow().close();
  }

  @Test
  void whoHasALockForAMomentOnlyIsWaitedFor() throws Exception {
    Path file = Files.createFile(folder.resolve("lock"));
    Process other =
        new ProcessBuilder("flock", file.toString(), "sh", "-c", "echo; sleep 0.1").start();
    assertEquals(10, other.getInputStream().read());
    ExclusiveLock.hold(file).orElseThrow().close();
    assertEquals(0, other.waitFor());
  }

  @Test
  void whatIsNotThereCannotBeHeld() {
    assertThrows(NoSuchFileException.class, () -> ExclusiveLock.hold(folder.resolve("none")));
    assertTrue(Files.notExists(folder.resolve("none")));
  }

  @Test
  void withoutAFolderThereIsNoLock() {
    assertThrows(NoSuchFileException.class, () -> ExclusiveLock.take(folder.resolve("none/lock")));
  }

  @Test
  void whoRemovesTheFileWhileItIsLockedLetsNobodyElseInTwice() throws Exception {
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger turns = new AtomicInteger();
    List<Future<?>> rivals = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(RIVALS)) {
      for (int i = 0; i < RIVALS; i++) {
        rivals.add(
            threads.submit(
                () -> {
                  while (turns.get() < ROUNDS) {
                    Optional<ExclusiveLock> lock = take();
                    if (lock.isPresent()) {
                      try (ExclusiveLock _ = lock.get()) {
                        assertEquals(1, inside.incrementAndGet());
                        turns.incrementAndGet();
                        inside.decrementAndGet();
                        Files.delete(folder.resolve("lock"));
                      }
                    }
                  }
                  return null;
                }));
      }
      for (Future<?> rival : rivals) {
        var _ = rival.get();
      }
    }
  }
}
