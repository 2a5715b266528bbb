package dev.godwit.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.testing.disk.FailingDisk;
import dev.godwit.testing.disk.FailingDisk.Lasting;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A log on a disk that fails at each of its calls in turn. */
class FileLogOnFailingDiskTest {
  @TempDir Path directory;

  /** What was done, and what the log may hold after it. */
  private static final class Run {
    private final FailingDisk disk;
    private final Path file;
    private List<String> entries = new ArrayList<>();

    /**
     * With an entry of which nobody knows whether it is there; the same as the others otherwise.
     */
    private List<String> perhaps = entries;

    private int undecided;
    private int doubts;

    Run(Path folder) throws IOException {
      this.disk = FailingDisk.on(Files.createDirectories(folder));
      this.file = disk.root().resolve("log");
    }

    void everything() {
      try (FileLog log = FileLog.open(file)) {
        append(log, "a");
        append(log, "b");
        replace(log, "c");
        append(log, "d");
      } catch (IOException e) {
        assertTrue(disk.failures() > 0, e::toString);
      }
      try (FileLog log = FileLog.open(file)) {
        found(log);
        append(log, "e");
      } catch (IOException e) {
        assertTrue(disk.failures() > 0, e::toString);
      }
    }

    private void append(FileLog log, String entry) {
      List<String> with = new ArrayList<>(entries);
      with.add(entry);
      change(with, () -> log.append(entry.getBytes(StandardCharsets.UTF_8)));
    }

    private void replace(FileLog log, String entry) {
      change(List.of(entry), () -> log.replace(entry.getBytes(StandardCharsets.UTF_8)));
    }

    private interface Change {
      void run() throws IOException;
    }

    private void change(List<String> with, Change change) {
      if (undecided > 0) {
        assertThrows(IOException.class, change::run);
        return;
      }
      try {
        change.run();
        entries = with;
        perhaps = with;
      } catch (UndecidedLogException e) {
        perhaps = with;
        undecided++;
        doubts++;
      } catch (IOException e) {
        assertTrue(disk.failures() > 0, e::toString);
      }
    }

    void found(FileLog log) {
      List<String> found = new ArrayList<>();
      log.entries().forEach(entry -> found.add(new String(entry, StandardCharsets.UTF_8)));
      assertTrue(
          found.equals(entries) || found.equals(perhaps),
          () -> found + " instead of " + entries + " or " + perhaps + ": " + disk.calls());
      entries = found;
      perhaps = found;
      undecided = 0;
    }
  }

  @ParameterizedTest
  @EnumSource(Lasting.class)
  void hasWhatItConfirmedWhereverTheDiskFails(Lasting lasting) throws Exception {
    Run good = new Run(directory.resolve("good"));
    good.everything();
    assertEquals(List.of("c", "d", "e"), good.entries);
    int undecided = 0;
    int calls = good.disk.calls().size();
    for (int call = 0; call < calls; call++) {
      Run run = new Run(directory.resolve(lasting + "-" + call));
      run.disk.failAt(call, lasting);
      run.everything();
      assertTrue(run.disk.failures() > 0, "call " + call + " did not fail");
      undecided += run.doubts;
      run.disk.repair();
      run.disk.losePower(new Random(call));
      try (FileLog log = FileLog.open(run.file)) {
        run.found(log);
      }
    }
    assertTrue(calls >= 24, "only " + calls + " calls");
    assertTrue(undecided > 0, "no entry was undecided");
  }

  @Test
  void goesOnAfterAnEntryThatWasTakenBack() throws Exception {
    FailingDisk disk = FailingDisk.on(directory);
    Path file = disk.root().resolve("log");
    try (FileLog log = FileLog.open(file)) {
      log.append(new byte[] {1});
      disk.failNext(FailingDisk.Operation.FORCE);
      assertThrows(IOException.class, () -> log.append(new byte[] {2}));
      log.append(new byte[] {3});
    }
    disk.losePower(new Random(1));
    try (FileLog log = FileLog.open(file)) {
      assertEquals(2, log.entries().size());
      assertEquals(3, log.entries().get(1)[0]);
    }
  }

  @Test
  void whatItSaysWhenItIsOpenedStaysSo() throws Exception {
    FailingDisk disk = FailingDisk.on(directory);
    Path file = disk.root().resolve("log");
    try (FileLog log = FileLog.open(file)) {
      log.append(new byte[] {1});
      // Not this write, but everything after it.
      disk.failAt(disk.calls().size() + 1, Lasting.FOR_EVER);
      byte[] pages = new byte[20_000];
      Arrays.fill(pages, (byte) 2);
      assertThrows(UndecidedLogException.class, () -> log.append(pages));
    }
    disk.repair();
    int entries;
    try (FileLog log = FileLog.open(file)) {
      entries = log.entries().size();
    }
    disk.losePower(new Random(1));
    try (FileLog log = FileLog.open(file)) {
      assertEquals(entries, log.entries().size());
    }
  }
}
