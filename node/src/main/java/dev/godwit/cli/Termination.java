package dev.godwit.cli;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A polite end: Ctrl-C and SIGTERM let the command put everything in order, for a bounded time, and
 * then end it with its own exit status.
 */
final class Termination {
  private static final long PATIENCE_SECONDS = 20;

  private final CompletableFuture<Boolean> requested = new CompletableFuture<>();
  private final CountDownLatch finished = new CountDownLatch(1);
  private final AtomicInteger status = new AtomicInteger(ExitStatus.FAILED.code());

  Termination() {
    Runtime.getRuntime().addShutdownHook(new Thread(this::shutDown, "termination"));
  }

  private void shutDown() {
    if (finished.getCount() == 0) {
      return;
    }
    requested.complete(true);
    try {
      if (finished.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
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

  /** The command has put everything in order. */
  void finished(int exitStatus) {
    status.set(exitStatus);
    finished.countDown();
  }
}
