package dev.godwit.node;

import dev.godwit.path.PathRank;
import dev.godwit.path.Way;
import dev.godwit.session.RemoteException;
import dev.godwit.stream.Connection;
import dev.godwit.stream.Interruption;
import java.io.IOException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ways to one peer that are tried side by side. The first connection wins, after a moment for the
 * better ways that are still being tried; what comes later and is better is told, what is not is
 * closed. Thread-safe.
 */
final class PathRace {
  private static final Logger LOG = LoggerFactory.getLogger(PathRace.class);

  /** What a session may wait for to not be moved at once: no one notices it. */
  private static final Duration GRACE = Duration.ofMillis(120);

  private final Consumer<Connection> better;
  private final int above;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Map<Way, String> running = new EnumMap<>(Way.class);
  private final Map<Way, IOException> failures = new EnumMap<>(Way.class);
  private @Nullable Connection best;
  private @Nullable RemoteException refused;
  private boolean taken;
  private boolean over;

  /** One way to the peer; blocks until there is a greeted connection. */
  @FunctionalInterface
  interface Attempt {
    Connection run() throws IOException;
  }

  /**
   * A race without anybody running yet.
   *
   * @param above only connections of a lower rank than this are of interest
   * @param better gets a connection that is better than the one taken; on any thread
   */
  PathRace(int above, Consumer<Connection> better) {
    this.above = above;
    this.better = better;
  }

  /** Starts an attempt, unless it cannot lead to anything of interest. */
  void run(Way way, Attempt attempt) {
    run(way, Duration.ZERO, attempt);
  }

  /** Starts an attempt after a pause, unless there is something better by then. */
  void run(Way way, Duration pause, Attempt attempt) {
    lock.lock();
    try {
      if (over || PathRank.best(way) >= above) {
        return;
      }
      running.put(way, "");
    } finally {
      lock.unlock();
    }
    Thread.ofVirtual()
        .name("dial-" + way.word())
        .start(
            () -> {
              try {
                if (isWorthwhile(way, pause)) {
                  arrived(attempt.run());
                }
                ended(way, null);
              } catch (IOException e) {
                LOG.debug("{} does not lead there", way, e);
                ended(way, e);
              } catch (RuntimeException e) {
                LOG.error("an attempt over {} broke", way, e);
                ended(way, new IOException("internal error: " + e, e));
              }
            });
  }

  private boolean isWorthwhile(Way way, Duration pause) throws IOException {
    lock.lock();
    try {
      long left = pause.toNanos();
      while (left > 0 && !over && !isBeaten(way)) {
        left = changed.awaitNanos(left);
      }
      return !over && !isBeaten(way);
    } catch (InterruptedException e) {
      throw Interruption.passedOn("interrupted while connecting", e);
    } finally {
      lock.unlock();
    }
  }

  private boolean isBeaten(Way way) {
    Connection present = best;
    return present != null && PathRank.of(present.path()) <= PathRank.best(way);
  }

  private void ended(Way way, @Nullable IOException failure) {
    lock.lock();
    try {
      running.remove(way);
      if (failure != null) {
        failures.put(way, failure);
      }
      if (failure instanceof RemoteException refusal) {
        refused = refusal;
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** There is a connection, made by an attempt or by the peer. */
  void arrived(Connection connection) {
    int rank = PathRank.of(connection.path());
    @Nullable Connection beaten;
    boolean tell;
    lock.lock();
    try {
      @Nullable Connection before = best;
      if (over || rank >= above || (before != null && rank >= PathRank.of(before.path()))) {
        beaten = connection;
        tell = false;
      } else {
        best = connection;
        tell = taken;
        // One that was taken belongs to who took it.
        beaten = taken ? null : before;
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
    if (beaten != null) {
      beaten.close("another path is better");
    }
    if (tell) {
      better.accept(connection);
    }
  }

  /**
   * The connection that wins. It belongs to the caller then. When there is none the race is over,
   * and what still comes is closed.
   *
   * @throws RemoteException when the peer refuses for good
   * @throws IOException when every attempt failed, or nothing came in time; says of each why
   */
  Connection first(Duration patience) throws IOException {
    try {
      return await(patience);
    } catch (IOException e) {
      abandon();
      throw e;
    }
  }

  private Connection await(Duration patience) throws IOException {
    lock.lock();
    try {
      long end = System.nanoTime() + patience.toNanos();
      long grace = Long.MAX_VALUE;
      while (true) {
        long now = System.nanoTime();
        Connection won = best;
        if (won != null) {
          grace = Math.min(grace, now + GRACE.toNanos());
          if (now >= grace || !canImproveOn(PathRank.of(won.path()))) {
            taken = true;
            return won;
          }
        }
        if (refused != null && won == null) {
          throw refused;
        }
        if (over) {
          throw new IOException("another attempt took over");
        }
        if (running.isEmpty() && won == null) {
          throw new IOException(why());
        }
        long wait = Math.min(end, grace) - now;
        if (wait <= 0) {
          throw new IOException("nothing within " + patience.toSeconds() + " s: " + why());
        }
        long _ = changed.awaitNanos(wait);
      }
    } catch (InterruptedException e) {
      throw Interruption.passedOn("interrupted while connecting", e);
    } finally {
      lock.unlock();
    }
  }

  private boolean canImproveOn(int rank) {
    return running.keySet().stream().anyMatch(way -> PathRank.best(way) < rank);
  }

  /** Why the ways that failed did; empty when none has yet. */
  String why() {
    lock.lock();
    try {
      return failures.entrySet().stream()
          .map(failed -> failed.getKey().word() + ": " + failed.getValue().getMessage())
          .collect(Collectors.joining("; "));
    } finally {
      lock.unlock();
    }
  }

  /** Whether nothing more can come. */
  boolean isOver() {
    lock.lock();
    try {
      return running.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  /** What comes from now on is closed, and so is what came and nobody took. */
  void abandon() {
    @Nullable Connection unused;
    lock.lock();
    try {
      over = true;
      unused = taken ? null : best;
      if (unused != null) {
        best = null;
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    if (unused != null) {
      unused.close("another path is better");
    }
  }
}
