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

  /** For commands that have nothing to put in order. */
  private static final Duration AT_ONCE = Duration.ofSeconds(1);

  private final Output output;
  private final Runnable givenUp;
  private final Runnable lastly;
  private final CompletableFuture<Boolean> requested = new CompletableFuture<>();
  private final CountDownLatch finished = new CountDownLatch(1);
  private final AtomicInteger status = new AtomicInteger(ExitStatus.INTERRUPTED.code());
  private final AtomicReference<@Nullable Thread> starting = new AtomicReference<>();
  private volatile Duration patience = AT_ONCE;
  private volatile boolean interrupted;
  private volatile boolean impatient;

  private Termination(Output output, Runnable givenUp, Runnable lastly) {
    this.output = output;
    this.givenUp = givenUp;
    this.lastly = lastly;
  }

  /**
   * Listens for the wish to end, for a command that runs on this thread.
   *
   * @param output told that it ends, when that takes a while
   * @param givenUp called before the process ends although the command has not
   * @param lastly called at the very end of a process that was asked to end
   */
  static Termination begin(Output output, Runnable givenUp, Runnable lastly) {
    Termination termination = new Termination(output, givenUp, lastly);
    termination.starting.set(Thread.currentThread());
    try {
      Runtime.getRuntime().addShutdownHook(new Thread(termination::shutDown, "termination"));
    } catch (IllegalStateException e) {
      // The process is ending already, and whatever the command still does is cut off.
      termination.requested.complete(true);
    }
    return termination;
  }

  /**
   * The command has something to put in order.
   *
   * @param more how much longer than usual it may take
   */
  void waits(Duration more) {
    patience = PATIENCE.plus(more);
  }

  /**
   * Whoever asks again does not want to wait: nothing that the command puts in order is worth it.
   */
  void endsAtOnceWhenAskedAgain() {
    impatient = true;
  }

  private void shutDown() {
    if (finished.getCount() == 0) {
      return;
    }
    if (impatient) {
      Signals.on("INT", this::giveUp);
      Signals.on("TERM", this::giveUp);
    }
    output.ending();
    requested.complete(true);
    @Nullable Thread interruptible = starting.getAndSet(null);
    if (interruptible != null) {
      interrupted = true;
      interruptible.interrupt();
    }
    try {
      if (finished.await(patience.toMillis(), TimeUnit.MILLISECONDS)) {
        lastly.run();
        Runtime.getRuntime().halt(status.get());
      } else {
        giveUp();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void giveUp() {
    givenUp.run();
    lastly.run();
    Runtime.getRuntime().halt(ExitStatus.INTERRUPTED.code());
  }

  /** Completes when the command should end. The command watches for it from now on. */
  CompletableFuture<Boolean> requested() {
    starting.set(null);
    return requested;
  }

  /** Whether the command was interrupted before it watched for that itself. */
  boolean isInterrupted() {
    return interrupted;
  }

  /** Whether the command should end. */
  boolean isRequested() {
    return requested.isDone();
  }

  /** The command has put everything in order, and said everything. */
  void finished(ExitStatus exitStatus) {
    status.set(exitStatus.code());
    finished.countDown();
  }
}
