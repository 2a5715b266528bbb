package dev.godwit.signaling;

import dev.godwit.signaling.HubException.Reason;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Keeps a connection to the hub: makes it, makes it again with growing pauses whenever it is lost,
 * and knows in which state it is. One thread works; the methods may be called by any.
 */
final class HubSupervisor {
  private static final Logger LOG = LoggerFactory.getLogger(HubSupervisor.class);
  private static final Duration FAREWELL = Duration.ofSeconds(1);

  /** An answer takes no longer on any link that is of use. */
  private static final Duration CHECK = Duration.ofSeconds(2);

  /** A hub that asks for a longer pause than this is tried before. */
  private static final Duration LONGEST_RETRY_AFTER = Duration.ofMinutes(5);

  /**
   * For the first connection to come about: who waits for it is told soon when nothing answers, and
   * it is tried again with more patience.
   */
  private static final Duration FIRST_DIAL = Duration.ofMillis(1900);

  private final HubDialler dialler;
  private final HubTiming timing;
  private final InstantSource clock;
  private final RandomGenerator random;
  private final HubRequests requests;
  private final Supplier<HubVisit> visits;
  private final Consumer<HubState> listener;
  private final Thread thread;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private HubState state;
  private boolean retryNow;
  private boolean closed;

  /** Why the last connection did not come about, or is over. */
  private volatile @Nullable HubException trouble;

  /**
   * A supervisor that has not begun.
   *
   * @param random spreads the pauses
   * @param requests are sent on the present connection, and fail with it
   * @param visits makes what speaks with the hub on the next connection
   * @param listener hears every new state, on the supervisor's thread
   */
  HubSupervisor(
      HubDialler dialler,
      HubTiming timing,
      InstantSource clock,
      RandomGenerator random,
      HubRequests requests,
      Supplier<HubVisit> visits,
      Consumer<HubState> listener) {
    this.dialler = dialler;
    this.timing = timing;
    this.clock = clock;
    this.random = random;
    this.requests = requests;
    this.visits = visits;
    this.listener = listener;
    this.state = new HubState.Offline("not connected yet", clock.instant());
    this.thread = Thread.ofVirtual().name("hub-client").unstarted(this::supervise);
  }

  void start() {
    thread.start();
  }

  HubState state() {
    lock.lock();
    try {
      return state;
    } finally {
      lock.unlock();
    }
  }

  /** As {@link HubClient#awaitOnline(Duration, Duration)}. */
  HubWelcome awaitOnline(Duration patience, Duration hopeless)
      throws HubException, InterruptedException {
    long left = patience.toNanos();
    long spare = patience.minus(hopeless).toNanos();
    lock.lock();
    try {
      while (true) {
        switch (state) {
          case HubState.Online(HubWelcome welcome) -> {
            return welcome;
          }
          case HubState.Ended(HubException reason) ->
              throw new HubException(reason.reason(), String.valueOf(reason.getMessage()), reason);
          case HubState.Offline(String reason, Instant next) -> {
            HubException last = trouble;
            long enough = last != null && last.isHopeless() ? spare : 0;
            if (left <= enough) {
              throw new HubException(last == null ? Reason.OFFLINE : last.reason(), reason);
            }
            LOG.debug("Waiting for the hub: {}, next attempt at {}", reason, next);
            left = enough + changed.awaitNanos(left - enough);
          }
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** Why nothing can be asked of the hub now. */
  HubException offline() {
    return switch (state()) {
      case HubState.Offline(String reason, Instant next) ->
          new HubException(
              Reason.OFFLINE,
              "There is no connection to the hub: " + reason + " (until " + next + ")");
      case HubState.Ended(HubException reason) ->
          new HubException(reason.reason(), String.valueOf(reason.getMessage()), reason);
      case HubState.Online(HubWelcome welcome) ->
          new HubException(Reason.OFFLINE, "The connection to the hub was lost just now.");
    };
  }

  /** Ends the present pause between two attempts. */
  void reconnectNow() {
    lock.lock();
    try {
      retryNow = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Breaks the present connection when the hub does not answer on it. */
  void check() {
    HubLink link = requests.link();
    if (link == null) {
      return;
    }
    long asked = System.nanoTime();
    try {
      HubVisit.ping(link, requests);
      HubException _ = link.end().get(CHECK.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      if (link.silence().toNanos() > System.nanoTime() - asked) {
        link.fail(new HubException(Reason.OFFLINE, "The hub does not answer.", e));
      }
    } catch (HubException | ExecutionException e) {
      LOG.debug("The connection to the hub is over", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void enter(HubState next) {
    lock.lock();
    try {
      state = next;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    listener.accept(next);
  }

  private void supervise() {
    int failures = 0;
    boolean wasOnline = false;
    try {
      while (!isClosed()) {
        Visited visited = visit(failures == 0 ? FIRST_DIAL : timing.connect());
        wasOnline |= visited.lasted.isPresent();
        if (!visited.reason.isCurable() && !wasOnline) {
          end(visited.reason);
          return;
        }
        boolean stable =
            visited.lasted.filter(lasted -> lasted.compareTo(timing.lastBackoff()) > 0).isPresent();
        failures = stable ? 1 : failures + 1;
        pause(visited.reason, failures);
      }
    } catch (InterruptedException e) {
      LOG.debug("The hub client was interrupted", e);
    }
    end(new HubException(Reason.CLOSED, "The hub client was closed."));
  }

  /**
   * How one connection went.
   *
   * @param reason why it is over
   * @param lasted how long the client was logged in; empty when it was not
   */
  private record Visited(HubException reason, Optional<Duration> lasted) {}

  private Visited visit(Duration dial) throws InterruptedException {
    HubVisit visit = visits.get();
    Optional<Long> onlineSince = Optional.empty();
    HubException reason;
    try (HubLink link = dialler.dial(visit, dial)) {
      HubWelcome welcome = visit.awaitWelcome(link, dialler.hub());
      onlineSince = Optional.of(System.nanoTime());
      enter(new HubState.Online(welcome));
      LOG.info("Logged in at the hub {}", dialler.hub().hostAndPort());
      reason = visit.attend(link, clock);
    } catch (HubException e) {
      reason = e;
    } finally {
      requests.use(null);
    }
    trouble = reason;
    requests.failAll(reason);
    return new Visited(
        reason, onlineSince.map(since -> Duration.ofNanos(System.nanoTime() - since)));
  }

  private Duration backoff(int failures, Duration retryAfter) {
    long longest = timing.lastBackoff().toNanos();
    long pause = timing.firstBackoff().toNanos();
    for (int i = 1; i < failures && pause < longest; i++) {
      pause *= 2;
    }
    pause = Math.min(pause, longest);
    Duration jittered = Duration.ofNanos(pause / 2 + (long) (random.nextDouble() * pause / 2));
    Duration asked =
        retryAfter.compareTo(LONGEST_RETRY_AFTER) > 0 ? LONGEST_RETRY_AFTER : retryAfter;
    return asked.plus(jittered);
  }

  private void pause(HubException reason, int failures) throws InterruptedException {
    Duration pause = backoff(failures, reason.retryAfter());
    String sentence = String.valueOf(reason.getMessage());
    LOG.atLevel(failures == 1 ? Level.INFO : Level.DEBUG)
        .log("{} Next attempt in {} ms.", sentence, pause.toMillis());
    lock.lock();
    try {
      retryNow = false;
      if (closed) {
        return;
      }
    } finally {
      lock.unlock();
    }
    enter(new HubState.Offline(sentence, clock.instant().plus(pause)));
    lock.lock();
    try {
      long left = pause.toNanos();
      while (left > 0 && !retryNow && !closed) {
        left = changed.awaitNanos(left);
      }
    } finally {
      lock.unlock();
    }
  }

  private void end(HubException reason) {
    requests.failAll(reason);
    enter(new HubState.Ended(reason));
  }

  private boolean isClosed() {
    lock.lock();
    try {
      return closed;
    } finally {
      lock.unlock();
    }
  }

  /** Begins to end: says goodbye to the hub, within a second. */
  void leave() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    HubLink link = requests.link();
    if (link != null) {
      link.leave(FAREWELL);
    }
    thread.interrupt();
  }

  /** Waits until the thread has ended, unless it is this one. */
  void join(Duration patience) throws InterruptedException {
    if (!thread.equals(Thread.currentThread())) {
      var _ = thread.join(patience);
    }
  }
}
