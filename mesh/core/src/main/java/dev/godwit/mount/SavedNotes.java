package dev.godwit.mount;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes down what is saved a while after it is: once for all that became so meanwhile.
 * Thread-safe.
 */
final class SavedNotes implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SavedNotes.class);

  private final Note note;
  private final Duration pause;
  private final Semaphore wanted = new Semaphore(0);
  private final Thread thread;

  /** How it is written down. */
  @FunctionalInterface
  interface Note {
    void write() throws IOException;
  }

  /**
   * Nothing is written before it is started.
   *
   * @param pause from the first time something is saved until it is written down
   */
  SavedNotes(Note note, Duration pause) {
    this.note = note;
    this.pause = pause;
    this.thread = Thread.ofVirtual().name("mount-notes").unstarted(this::work);
  }

  void start() {
    thread.start();
  }

  /** Something more is saved. */
  void soon() {
    if (wanted.availablePermits() == 0) {
      wanted.release();
    }
  }

  private void work() {
    try {
      while (true) {
        wanted.acquire();
        TimeUnit.NANOSECONDS.sleep(pause.toNanos());
        int _ = wanted.drainPermits();
        try {
          note.write();
        } catch (IOException e) {
          // They are sent again after a restart, which does no harm.
          LOG.warn("what was saved could not be noted: {}", e.toString());
        }
      }
    } catch (InterruptedException e) {
      LOG.trace("nothing more is noted", e);
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
