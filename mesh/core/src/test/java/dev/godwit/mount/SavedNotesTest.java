package dev.godwit.mount;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.testing.Patience;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class SavedNotesTest {
  private final Semaphore written = new Semaphore(0);

  @Test
  void whatIsSavedIsWrittenDownOnceForAllOfIt() throws Exception {
    try (SavedNotes notes = new SavedNotes(written::release, Duration.ofMillis(1))) {
      notes.soon();
      notes.soon();
      notes.start();
      assertTrue(written.tryAcquire(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS));
      notes.soon();
      assertTrue(written.tryAcquire(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS));
      assertEquals(0, written.availablePermits());
    }
  }

  @Test
  void aFailureIsNotTheEnd() throws Exception {
    Semaphore failed = new Semaphore(0);
    SavedNotes.Note note =
        () -> {
          if (failed.availablePermits() == 0) {
            failed.release();
            throw new IOException("a failure that the test makes");
          }
          written.release();
        };
    try (SavedNotes notes = new SavedNotes(note, Duration.ofMillis(1))) {
      notes.start();
      notes.soon();
      assertTrue(failed.tryAcquire(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS));
      failed.release();
      notes.soon();
      assertTrue(written.tryAcquire(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS));
    }
  }
}
