package dev.godwit.backend;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Remembers that a flush has failed, so that no later one succeeds over what the failed one may
 * have lost. A medium tells of a lost write once, if at all; to ask it again proves nothing.
 * Thread-safe.
 */
public final class FlushMemory {
  private final String what;
  private final AtomicReference<@Nullable IOException> failure = new AtomicReference<>();

  /**
   * A memory without a failure.
   *
   * @param what is flushed, for messages
   */
  public FlushMemory(String what) {
    this.what = what;
  }

  /** Flushes. */
  @FunctionalInterface
  public interface Flush {
    /**
     * Makes everything durable that was written before.
     *
     * @throws IOException when that is not known to be so
     */
    void run() throws IOException;
  }

  /**
   * Flushes, unless a flush has failed before or fails meanwhile.
   *
   * @throws FlushFailedException when this or an earlier flush failed
   * @throws BackendClosedException when it is closed, which loses nothing
   */
  public void flush(Flush flush) throws IOException {
    check();
    try {
      flush.run();
    } catch (BackendClosedException e) {
      throw e;
    } catch (IOException e) {
      boolean _ = failure.compareAndSet(null, e);
      throw FlushFailedException.of(what, e);
    }
    // One that ran beside this may have been told of what this one should have been.
    check();
  }

  /**
   * Does nothing while every flush so far has succeeded.
   *
   * @throws FlushFailedException when one failed
   */
  public void check() throws FlushFailedException {
    @Nullable IOException before = failure.get();
    if (before != null) {
      throw FlushFailedException.before(what, before);
    }
  }
}
