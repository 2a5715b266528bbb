package dev.godwit.node;

import dev.godwit.log.DurableNames;
import dev.godwit.node.LastSeen.Reach;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notes how the file of a state is while this node works with it, so that whoever begins after a
 * crash knows whether somebody else has written to it in between. Thread-safe.
 */
final class StateWatch implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(StateWatch.class);

  /** Well below what {@link LastSeen#OWN_WRITES} allows, also on a machine that is busy. */
  private static final Duration LOOK = Duration.ofMillis(500);

  /** Well below what {@link LastSeen#OWN_WRITES_BEFORE_POWER_LOSS} allows. */
  private static final Duration FORCE = Duration.ofSeconds(5);

  private final Path at;
  private final Looking file;
  private final Thread thread;

  /** One writes to the note at a time. */
  private final ReentrantLock writing = new ReentrantLock();

  /** What the note says while the file is in use; null while it is not. */
  private @Nullable LastSeen noted;

  /** When the note became durable, on the clock that only goes on. */
  private long forced;

  private boolean unforced;

  /** Looks at the file. */
  @FunctionalInterface
  interface Looking {
    /** How it is; {@link FileMark#NONE} when somebody else has written to it already. */
    FileMark look() throws IOException;
  }

  /**
   * A watch that has not begun.
   *
   * @param at where the note is
   */
  StateWatch(Path at, Looking file) {
    this.at = at;
    this.file = file;
    this.thread = Thread.ofVirtual().name("state-watch").unstarted(this::watch);
  }

  /** Notes that the file is in use from now on, before it is written to. */
  void use() throws IOException {
    writing.lock();
    try {
      LastSeen now = LastSeen.inUse(file.look());
      now.write(at);
      noted = now;
      forced = System.nanoTime();
      unforced = false;
    } finally {
      writing.unlock();
    }
    if (thread.getState() == Thread.State.NEW) {
      thread.start();
    }
  }

  /** Notes that the file is left in order as it is now, and not written to any more. */
  void leave() throws IOException {
    writing.lock();
    try {
      FileMark now = isSpoiled() ? FileMark.NONE : file.look();
      noted = null;
      LastSeen.inOrder(now).write(at);
    } finally {
      writing.unlock();
    }
  }

  /** Forgets what was noted: whatever becomes of the file does not matter. */
  void forget() throws IOException {
    writing.lock();
    try {
      noted = null;
      if (Files.deleteIfExists(at)) {
        DurableNames.force(at);
      }
    } finally {
      writing.unlock();
    }
  }

  /** Under the lock: whether somebody else has written to the file while it was in use. */
  private boolean isSpoiled() {
    return noted != null && noted.mark().equals(FileMark.NONE);
  }

  private void watch() {
    try {
      while (true) {
        TimeUnit.NANOSECONDS.sleep(LOOK.toNanos());
        look();
      }
    } catch (InterruptedException e) {
      LOG.trace("{} is not noted any more", at, e);
    }
  }

  /** Looks once. */
  void look() {
    writing.lock();
    try {
      LastSeen before = noted;
      if (before == null || isSpoiled()) {
        return;
      }
      LastSeen now = new LastSeen(file.look(), before.boot());
      boolean due = System.nanoTime() - forced >= FORCE.toNanos();
      if (!now.equals(before) || (unforced && due)) {
        now.overwrite(at, due ? Reach.POWER_LOSS : Reach.PROCESS);
        noted = now;
        unforced = !due;
        if (due) {
          forced = System.nanoTime();
        }
      }
    } catch (IOException e) {
      LOG.debug("how the file is now could not be noted in {}", at, e);
    } finally {
      writing.unlock();
    }
  }

  /** Ends; what is noted stays. */
  @Override
  public void close() {
    thread.interrupt();
  }
}
