package dev.godwit.mount;

import dev.godwit.chunk.FencedException;
import dev.godwit.stream.Interruption;
import java.io.IOException;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Waits for a mount to have everything before programs use it, for as long as something comes. For
 * one thread.
 */
public final class PullFirst {
  private final ManagedMount mount;
  private final Duration timeout;
  private final LongSupplier nanoTime;
  private long fewest;
  private long since;

  /**
   * Begins to look at the clock.
   *
   * @param mount that was started, with {@link ManagedMount.Pull#FIRST}
   * @param timeout how long it may be that nothing comes
   * @param nanoTime the clock
   */
  public PullFirst(ManagedMount mount, Duration timeout, LongSupplier nanoTime) {
    this.mount = mount;
    this.timeout = timeout;
    this.nanoTime = nanoTime;
    this.fewest = mount.missingBytes();
    this.since = nanoTime.getAsLong();
  }

  /**
   * Waits until everything has come.
   *
   * @param limit how long; may be called again when it is over
   * @return whether everything has
   * @throws FencedException when somebody else has the lease
   * @throws IOException when nothing has come for the timeout, or interrupted
   */
  public boolean await(Duration limit) throws IOException {
    try {
      if (mount.awaitWhole(limit)) {
        return true;
      }
    } catch (InterruptedException e) {
      throw Interruption.passedOn("interrupted while everything is fetched", e);
    }
    @Nullable String lost = mount.lost();
    if (lost != null) {
      throw new FencedException(lost);
    }
    checkThatSomethingComes();
    return false;
  }

  private void checkThatSomethingComes() throws IOException {
    long missing = mount.missingBytes();
    long now = nanoTime.getAsLong();
    if (missing < fewest) {
      fewest = missing;
      since = now;
    } else if (now - since >= timeout.toNanos()) {
      @Nullable IOException failure = mount.pullFailure();
      throw new IOException(
          "nothing has come for "
              + (timeout.toMillis() < 1000
                  ? timeout.toMillis() + " ms"
                  : timeout.toSeconds() + " s")
              + (failure == null ? "" : ": " + failure.getMessage()),
          failure);
    }
  }
}
