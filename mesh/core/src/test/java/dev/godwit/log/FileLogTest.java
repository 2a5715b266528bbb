package dev.godwit.log;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.testing.Seeds;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FileLogTest {
  private static final int HEADER = 12;

  @TempDir Path directory;
  private Path file;

  @BeforeEach
  void name() {
    file = directory.resolve("journal");
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private List<String> reopened() throws IOException {
    try (FileLog log = FileLog.open(file)) {
      return log.entries().stream()
          .map(entry -> new String(entry, StandardCharsets.UTF_8))
          .toList();
    }
  }

  /** The entries' bytes, without the room that is written ahead. */
  private byte[] written() throws IOException {
    byte[] all = Files.readAllBytes(file);
    int end = all.length;
    while (end > 0 && all[end - 1] == 0) {
      end--;
    }
    return Arrays.copyOf(all, end);
  }

  private void append(String... entries) throws IOException {
    try (FileLog log = FileLog.open(file)) {
      for (String entry : entries) {
        log.append(bytes(entry));
      }
    }
  }

  @Test
  void entriesComeBackInOrder() throws IOException {
    append("one", "two");
    append("three");
    assertEquals(List.of("one", "two", "three"), reopened());
  }

  @Test
  void anEntryCutOffAnywhereByACrashIsIgnoredAndTheLogGoesOn() throws IOException {
    append("one", "two");
    byte[] whole = written();
    for (int length = HEADER + 3; length < whole.length; length++) {
      Files.write(file, Arrays.copyOf(whole, length));
      assertEquals(List.of("one"), reopened());
      append("new");
      assertEquals(List.of("one", "new"), reopened());
    }
  }

  @Test
  void aTailThatACrashLeftZeroIsIgnored() throws IOException {
    append("one");
    byte[] whole = written();
    Files.write(file, Arrays.copyOf(whole, whole.length + 4096));
    assertEquals(List.of("one"), reopened());
    append("two");
    assertEquals(List.of("one", "two"), reopened());
  }

  @Test
  void aLastEntryWhoseBytesNeverReachedTheDiskIsIgnored() throws IOException {
    append("one", "two");
    byte[] whole = written();
    whole[whole.length - 1] = 0;
    Files.write(file, whole);
    assertEquals(List.of("one"), reopened());
  }

  @Test
  void anEntryTornInItsRoomIsIgnored() throws IOException {
    append("one", "two");
    byte[] whole = Files.readAllBytes(file);
    whole[written().length - 1] = 0;
    Files.write(file, whole);
    assertEquals(List.of("one"), reopened());
  }

  @Test
  void anAppendDoesNotChangeTheSizeOfTheFile() throws IOException {
    append("one");
    try (FileLog log = FileLog.open(file)) {
      long size = Files.size(file);
      log.append(bytes("two"));
      assertEquals(size, Files.size(file));
    }
  }

  @Test
  void noBitOfAnEntryBeforeOthersIsWrongUnnoticed() throws IOException {
    append("one", "two");
    byte[] whole = Files.readAllBytes(file);
    for (int bit = 0; bit < (HEADER + 3) * Byte.SIZE; bit++) {
      Files.write(file, turned(whole, bit));
      assertDamaged();
    }
    Files.write(file, whole);
    assertEquals(List.of("one", "two"), reopened());
  }

  /** A length that reaches behind the end looks like an entry that was cut off. */
  @Test
  void noBitOfTheLastHeaderIsWrongUnnoticed() throws IOException {
    append("one", "two");
    byte[] whole = Files.readAllBytes(file);
    for (int bit = 16 * Byte.SIZE; bit < (16 + HEADER) * Byte.SIZE; bit++) {
      Files.write(file, turned(whole, bit));
      assertDamaged();
    }
  }

  @Test
  void noBitOfTheOnlyEntryIsWrongUnnoticed() throws IOException {
    append("one");
    byte[] whole = Files.readAllBytes(file);
    for (int bit = 0; bit < (HEADER + 3) * Byte.SIZE; bit++) {
      Files.write(file, turned(whole, bit));
      assertDamaged();
    }
  }

  @Test
  void aFirstEntryThatIsNotWholeIsDamaged() throws IOException {
    append("one");
    byte[] whole = written();
    for (int length = HEADER; length < whole.length; length++) {
      Files.write(file, Arrays.copyOf(whole, length));
      assertDamaged();
    }
    Arrays.fill(whole, 0, HEADER, (byte) 0);
    Files.write(file, whole);
    assertDamaged();
  }

  private static byte[] turned(byte[] bytes, int bit) {
    byte[] turned = bytes.clone();
    turned[bit / Byte.SIZE] ^= (byte) (1 << (bit % Byte.SIZE));
    return turned;
  }

  private void assertDamaged() throws IOException {
    byte[] before = Files.readAllBytes(file);
    IOException refused = assertThrows(IOException.class, () -> FileLog.open(file));
    assertTrue(String.valueOf(refused.getMessage()).contains("damaged"), refused::getMessage);
    assertArrayEquals(before, Files.readAllBytes(file));
  }

  /** Disks write whole sectors, so a header on one of them is there or not. */
  @Test
  void noHeaderIsOnTwoSectors() throws IOException {
    Seeds.each(
        5,
        random -> {
          Files.deleteIfExists(file);
          List<String> entries = new ArrayList<>();
          try (FileLog log = FileLog.open(file)) {
            for (int i = 0; i < 50; i++) {
              entries.add("x".repeat(1 + random.nextInt(200)));
              log.append(bytes(entries.getLast()));
            }
          }
          byte[] whole = Files.readAllBytes(file);
          for (int at = 512; at < written().length; at += 512) {
            byte[] cut = whole.clone();
            Arrays.fill(cut, at, cut.length, (byte) 0);
            Files.write(file, cut);
            List<String> found = reopened();
            assertEquals(entries.subList(0, found.size()), found);
          }
        });
  }

  @Test
  void replaceLeavesOneEntryAndAppendsFollowIt() throws IOException {
    try (FileLog log = FileLog.open(file)) {
      log.append(bytes("one"));
      log.append(bytes("two"));
      log.replace(bytes("all"));
      log.append(bytes("more"));
    }
    assertEquals(List.of("all", "more"), reopened());
  }

  @Test
  void aCrashWhileReplacingLeavesTheOldEntries() throws IOException {
    append("one");
    // What such a crash leaves: the new file, cut off, beside the old one.
    Files.write(directory.resolve("journal.new"), new byte[] {0, 0, 0, 9, 1});
    assertEquals(List.of("one"), reopened());
    try (FileLog log = FileLog.open(file)) {
      log.replace(bytes("all"));
    }
    assertEquals(List.of("all"), reopened());
    assertFalse(Files.exists(directory.resolve("journal.new")));
  }

  @Test
  void aLogWithoutEntriesHasNoFile() throws IOException {
    Files.write(directory.resolve("journal.new"), new byte[] {0, 0, 0, 9, 1});
    assertEquals(List.of(), reopened());
    try (Stream<Path> left = Files.list(directory)) {
      assertEquals(List.of(), left.toList());
    }
  }

  @Test
  void afterAFailedAppendEveryFurtherOneIsRefused() throws IOException {
    try (FileLog log = FileLog.open(file)) {
      log.append(bytes("one"));
      // An interrupt closes the file below the log, and it cannot be opened again.
      Path aside = Files.move(file, file.resolveSibling("aside"));
      Thread.currentThread().interrupt();
      assertThrows(IOException.class, () -> log.append(bytes("two")));
      Files.move(aside, file);
      assertTrue(Thread.interrupted());
      assertThrows(IOException.class, () -> log.append(bytes("three")));
      assertThrows(IOException.class, () -> log.append(bytes("four")));
    }
    assertEquals(List.of("one"), reopened());
  }

  @Test
  void anInterruptedAppendIsDone() throws IOException {
    try (FileLog log = FileLog.open(file)) {
      Thread.currentThread().interrupt();
      log.append(bytes("one"));
      assertTrue(Thread.interrupted());
      log.append(bytes("two"));
    }
    assertEquals(List.of("one", "two"), reopened());
  }

  @Test
  void anEmptyEntryIsRefusedBecauseATornTailLooksLikeIt() throws IOException {
    try (FileLog log = FileLog.open(file)) {
      assertThrows(IllegalArgumentException.class, () -> log.append(new byte[0]));
      assertThrows(IllegalArgumentException.class, () -> log.replace(new byte[0]));
    }
  }

  @Test
  void anyBytesOpenAsSomeLogOrAreRefused() throws IOException {
    append("one", "two", "three");
    byte[] whole = written();
    Seeds.each(
        2_000,
        random -> {
          byte[] bytes = whole.clone();
          for (int i = random.nextInt(4); i >= 0; i--) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
          }
          Files.write(file, bytes);
          List<String> found = new ArrayList<>();
          try {
            found.addAll(reopened());
          } catch (IOException e) {
            assertTrue(String.valueOf(e.getMessage()).contains("damaged"), e::toString);
          }
          List<String> wrote = List.of("one", "two", "three");
          assertEquals(wrote.subList(0, found.size()), found);
        });
  }
}
