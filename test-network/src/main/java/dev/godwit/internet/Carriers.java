package dev.godwit.internet;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Keeps the threads that carry virtual ones alive. They end when they have had nothing to do for
 * half a minute, and whoever has something to do starts new ones. A thread is in the network of the
 * one that started it, though: one that was started from within a host would be in that host for
 * good, and so would every socket that virtual threads of other tests open on it.
 */
final class Carriers implements AutoCloseable {
  private static final Duration PERIOD = Duration.ofSeconds(5);

  /** How long they are waited for; one of them may be busy with something that cannot wait. */
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread thread;

  private Carriers() {
    this.thread = Thread.ofPlatform().daemon().name("carriers").unstarted(this::run);
  }

  /** Starts all of them on the network of the calling thread, and keeps them until it is closed. */
  static Carriers keep() throws IOException {
    Carriers carriers = new Carriers();
    try {
      carry();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while threads were started", e);
    }
    carriers.thread.start();
    return carriers;
  }

  private void run() {
    try {
      while (!closed.await(PERIOD.toMillis(), TimeUnit.MILLISECONDS)) {
        carry();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Gives each of them something to do at the same time. */
  private static void carry() throws InterruptedException {
    int count =
        Integer.getInteger(
            "jdk.virtualThreadScheduler.parallelism", Runtime.getRuntime().availableProcessors());
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    CountDownLatch missing = new CountDownLatch(count);
    for (int i = 0; i < count; i++) {
      Thread.ofVirtual()
          .name("carried")
          .start(
              () -> {
                missing.countDown();
                // It stays on its carrier, so that the next one needs another.
                while (missing.getCount() > 0 && System.nanoTime() < deadline) {
                  Thread.onSpinWait();
                }
              });
    }
    boolean _ = missing.await(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public void close() {
    closed.countDown();
  }
}
