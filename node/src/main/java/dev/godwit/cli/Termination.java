package dev.godwit.cli;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A polite end: Ctrl-C and SIGTERM let the command put everything in order, for a bounded time, and
 * then end it with its own exit status.
 */
final class Termination {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final Duration patience;
  private final CompletableFuture<Boolean> requested = new CompletableFuture<>();
  private final CountDownLatch finished = new CountDownLatch(1);
  private final AtomicInteger status = new AtomicInteger(ExitStatus.FAILED.code());

  /**
   * Listens for the wish to end.
   *
   * @param more how much longer than usual it may take
   */
  Termination(Duration more) {
    patience = PATIENCE.plus(more);
    Runtime.getRuntime().addShutdownHook(new Thread(this::shutDown, "termination"));
  }

  private void shutDown() {
    if (finished.getCount() == 0) {
      return;
    }
    requested.complete(true);
    try {
      if (finished.await(patience.toMillis(), TimeUnit.MILLISECONDS)) {
        Runtime.getRuntime().halt(status.get());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Completes when the command should end. */
  CompletableFuture<Boolean> requested() {
    return requested;
  }

  /** The command has put everything in order, and said everything. */
  void finished(ExitStatus exitStatus) {
    status.set(exitStatus.code());
    finished.countDown();
  }
}
