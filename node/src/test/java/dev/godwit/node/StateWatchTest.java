package dev.godwit.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.backend.MemoryBackend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class StateWatchTest {
  private static final FileMark BEGUN = new FileMark(4096, 1_000_000_000_000_123L);

  @TempDir private Path folder;
  private Path at;
  private FileMark file = BEGUN;
  private StateWatch watch;

  @BeforeEach
  void begin() {
    at = folder.resolve("left");
    watch = new StateWatch(at, () -> file);
  }

  @AfterEach
  void end() {
    watch.close();
  }

  private LastSeen noted() throws IOException {
    return LastSeen.read(at).orElseThrow();
  }

  private static FileMark later(Duration time) {
    return new FileMark(BEGUN.bytes(), BEGUN.modified() + time.toNanos());
  }

  @Test
  void nothingIsKnownOfAFileThatWasNeverUsed() throws Exception {
    assertEquals(Optional.empty(), LastSeen.read(at));
  }

  @Test
  void whatIsLeftInOrderFitsOnlyAsItIs() throws Exception {
    watch.use();
    file = later(Duration.ofHours(1));
    watch.leave();
    assertTrue(noted().fits(file, BootId.present()));
    assertFalse(noted().fits(later(Duration.ofHours(1).plusNanos(1)), BootId.present()));
    assertFalse(noted().fits(new FileMark(4095, file.modified()), BootId.present()));
  }

  @Test
  void ownWritesAfterTheLastLookFit() throws Exception {
    watch.use();
    assertTrue(noted().fits(BEGUN, BootId.present()));
    assertTrue(noted().fits(later(Duration.ofMillis(900)), BootId.present()));
    assertFalse(noted().fits(new FileMark(8192, BEGUN.modified()), BootId.present()));
  }

  @Test
  void laterWritesAreThoseOfOthers() throws Exception {
    watch.use();
    assertFalse(noted().fits(later(Duration.ofSeconds(3)), BootId.present()));
    file = later(Duration.ofHours(1));
    watch.look();
    assertTrue(noted().fits(file, BootId.present()));
    assertFalse(noted().fits(later(Duration.ofHours(1).plusSeconds(3)), BootId.present()));
  }

  @Test
  void aCopyFromBeforeTheLastFlushDoesNotFit() throws Exception {
    watch.use();
    try (NotedBackend noted = new NotedBackend(new MemoryBackend(4096), watch)) {
      file = later(Duration.ofMillis(1));
      noted.flush();
    }
    assertFalse(noted().fits(BEGUN, BootId.present()));
    assertTrue(noted().fits(file, BootId.present()));
  }

  @Test
  void anOlderCopyDoesNotFit() throws Exception {
    watch.use();
    assertFalse(noted().fits(later(Duration.ofNanos(-1)), BootId.present()));
  }

  @Test
  void aMachineThatDiedMayHaveLostTheLastNotes() throws Exception {
    watch.use();
    assertTrue(noted().fits(later(Duration.ofSeconds(30)), "another run"));
    assertFalse(noted().fits(later(Duration.ofMinutes(2)), "another run"));
  }

  @Test
  void whatOthersWroteWhileItWasInUseStaysKnown() throws Exception {
    watch.use();
    file = FileMark.NONE;
    watch.look();
    file = later(Duration.ofMillis(1));
    watch.look();
    assertFalse(noted().fits(file, BootId.present()));
    watch.leave();
    assertFalse(noted().fits(file, BootId.present()));
  }

  @Test
  void whatIsLeftIsNotNotedAnyMoreUntilItIsUsedAgain() throws Exception {
    watch.use();
    watch.leave();
    LastSeen left = noted();
    file = later(Duration.ofHours(1));
    watch.look();
    assertEquals(left, noted());
    watch.use();
    assertTrue(noted().fits(file, BootId.present()));
  }

  @Test
  void theFileIsLookedAtWhileItIsInUse() throws Exception {
    watch.use();
    file = later(Duration.ofHours(1));
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!noted().mark().equals(file) && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
    assertEquals(file, noted().mark());
  }

  @Test
  void whatIsForgottenIsNotKnown() throws Exception {
    watch.use();
    watch.forget();
    watch.forget();
    assertEquals(Optional.empty(), LastSeen.read(at));
  }

  @Test
  void aNoteThatCannotBeUnderstoodIsNone() throws Exception {
    var _ = Files.writeString(at, "x");
    assertEquals(Optional.empty(), LastSeen.read(at));
  }
}
