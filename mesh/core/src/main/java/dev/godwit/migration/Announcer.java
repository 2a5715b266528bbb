package dev.godwit.migration;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells listeners of changes, in order, on a thread of its own: while a program stands still,
 * nobody waits for a listener that prints.
 */
final class Announcer<T> implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Announcer.class);
  private static final Duration CLOSE = Duration.ofSeconds(5);

  private final List<Consumer<T>> listeners = new CopyOnWriteArrayList<>();
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(Thread.ofVirtual().name("announcer").factory());

  void add(Consumer<T> listener) {
    listeners.add(listener);
  }

  void announce(T change) {
    try {
      thread.execute(() -> tell(change));
    } catch (RejectedExecutionException e) {
      LOG.debug("nobody hears of {} any more", change, e);
    }
  }

  private void tell(T change) {
    for (Consumer<T> listener : listeners) {
      try {
        listener.accept(change);
      } catch (RuntimeException e) {
        LOG.error("a listener failed", e);
      }
    }
  }

  /** Lets the listeners hear what was announced, for a bounded time. */
  @Override
  public void close() {
    thread.shutdown();
    try {
      if (!thread.awaitTermination(CLOSE.toMillis(), TimeUnit.MILLISECONDS)) {
        LOG.warn("listeners are too slow");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
