package dev.godwit.cli;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A polite end: Ctrl-C and SIGTERM let the command put everything in order, for a bounded time, and
 * then end it with its own exit status. Before a command watches for that itself, its thread is
 * interrupted, so that it does not wait for others until their time is over.
 */
final class Termination {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final Duration patience;
  private final Output output;
  private final CompletableFuture<Boolean> requested = new CompletableFuture<>();
  private final CountDownLatch finished = new CountDownLatch(1);
  private final AtomicInteger status = new AtomicInteger(ExitStatus.FAILED.code());
  private final AtomicReference<@Nullable Thread> starting = new AtomicReference<>();

  private Termination(Duration more, Output output) {
    this.patience = PATIENCE.plus(more);
    this.output = output;
  }

  /**
   * Listens for the wish to end.
   *
   * @param more how much longer than usual it may take
   * @param output told that it ends, when that takes a while
   */
  static Termination begin(Duration more, Output output) {
    Termination termination = new Termination(more, output);
    termination.starting.set(Thread.currentThread());
    Runtime.getRuntime().addShutdownHook(new Thread(termination::shutDown, "termination"));
    return termination;
  }

  private void shutDown() {
    if (finished.getCount() == 0) {
      return;
    }
    output.waiting("ending");
    requested.complete(true);
    @Nullable Thread interruptible = starting.getAndSet(null);
    if (interruptible != null) {
      interruptible.interrupt();
    }
    try {
      if (finished.await(patience.toMillis(), TimeUnit.MILLISECONDS)) {
        Runtime.getRuntime().halt(status.get());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Completes when the command should end. The command watches for it from now on. */
  CompletableFuture<Boolean> requested() {
    starting.set(null);
    return requested;
  }

  /** The command has put everything in order, and said everything. */
  void finished(ExitStatus exitStatus) {
    status.set(exitStatus.code());
    finished.countDown();
  }
}
