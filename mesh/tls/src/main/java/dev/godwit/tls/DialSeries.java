package dev.godwit.tls;

import dev.godwit.stream.Connection;
import dev.godwit.stream.DialRace;
import io.netty.channel.Channel;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * One address that is dialled again and again, since what is between may open only later. The
 * pauses grow, so that a slow path has its answer before it is asked anew. Thread-safe.
 */
final class DialSeries {
  private static final Duration FIRST_GAP = Duration.ofMillis(250);

  /** Whether an attempt may begin while an earlier one still waits. */
  enum Overlap {
    /** Each comes from another port; there are few of them, since the kernel repeats each. */
    ALLOWED,
    /**
     * All come from one port, where only one can be at a time. The next one begins when one is
     * refused, not because it waits: a new one has another sequence number, and translators that
     * have seen the first one drop it.
     */
    FORBIDDEN
  }

  /** Begins to dial. */
  @FunctionalInterface
  interface Attempt {
    /**
     * Begins one attempt.
     *
     * @param patience how long to wait until it is connected
     * @param outcome what becomes of it
     */
    Channel begin(Duration patience, CompletableFuture<Connection> outcome);
  }

  private final String name;
  private final Overlap overlap;
  private final Attempt attempt;
  private final ScheduledExecutorService timer;
  private final DialRace race;

  /**
   * A series that has not begun.
   *
   * @param name where it leads, for people
   * @param race where it counts as one
   */
  DialSeries(
      String name,
      Overlap overlap,
      Attempt attempt,
      ScheduledExecutorService timer,
      DialRace race) {
    this.name = name;
    this.overlap = overlap;
    this.attempt = attempt;
    this.timer = timer;
    this.race = race;
  }

  /**
   * Begins.
   *
   * @param time after which no attempt begins
   */
  void start(Duration time) {
    next(FIRST_GAP, time);
  }

  private void next(Duration gap, Duration left) {
    if (race.isOver()) {
      return;
    }
    CompletableFuture<Connection> outcome = new CompletableFuture<>();
    boolean last = left.compareTo(gap.multipliedBy(2)) <= 0;
    long begun = System.nanoTime();
    Channel channel = attempt.begin(left, outcome);
    Runnable abandon =
        () -> {
          var _ = channel.close();
        };
    if (last) {
      race.run(name, abandon, outcome);
      return;
    }
    race.enter(abandon, outcome);
    Runnable following = () -> next(gap.multipliedBy(2), left.minus(gap));
    switch (overlap) {
      case ALLOWED -> later(following, gap, begun);
      case FORBIDDEN -> {
        var _ = channel.closeFuture().addListener(closed -> later(following, gap, begun));
      }
    }
  }

  private void later(Runnable following, Duration gap, long begun) {
    if (!race.isOver()) {
      long wait = Math.max(0, gap.toNanos() - (System.nanoTime() - begun));
      var _ = timer.schedule(following, wait, TimeUnit.NANOSECONDS);
    }
  }
}
