package dev.godwit.node;

import dev.godwit.identity.NodeId;
import dev.godwit.path.PathPolicy;
import dev.godwit.path.PathRank;
import dev.godwit.path.PathSelector;
import dev.godwit.path.PathSelector.Step;
import dev.godwit.path.Way;
import dev.godwit.session.RemoteException;
import dev.godwit.session.Session;
import dev.godwit.session.SessionState;
import dev.godwit.signaling.PresentInstance;
import dev.godwit.stream.Connection;
import dev.godwit.stream.Path;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps one session on the best path there is: makes its connections, moves it to a better path
 * when one is found, looks for one while there could be one, and replaces a path on which the peer
 * is silent before the transport gives up. {@link PathSelector} says when; this does it.
 * Thread-safe.
 */
final class PathKeeper implements Session.Connector, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PathKeeper.class);

  /** How long all ways together may take until there is a connection. */
  private static final Duration CONNECT = Duration.ofSeconds(15);

  private static final Duration TICK = Duration.ofMillis(500);

  private final PathSource node;
  private final NodeId peer;
  private final String resource;
  private final PathPolicy policy;
  private final InstantSource clock;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition news = lock.newCondition();
  private final PathSelector selector;
  private final Thread keeping;
  private @Nullable PresentInstance process;
  private @Nullable Session session;
  private @Nullable PathRace race;
  private @Nullable Connection current;
  private @Nullable Connection candidate;
  private List<String> known = List.of();
  private String why = "";
  private boolean improving;
  private boolean closed;

  /**
   * A keeper without a session yet.
   *
   * @param first the process that offers the resource now, if it is known; later ones are found
   */
  PathKeeper(
      PathSource node,
      NodeId peer,
      Optional<PresentInstance> first,
      String resource,
      PathPolicy policy,
      InstantSource clock) {
    this.node = node;
    this.peer = peer;
    this.process = first.orElse(null);
    this.resource = resource;
    this.policy = policy;
    this.clock = clock;
    this.selector = new PathSelector(policy);
    this.keeping = Thread.ofVirtual().name("path-keeper").unstarted(this::keep);
  }

  /** Looks after this session from now on; called once. */
  void keep(Session kept) {
    lock.lock();
    try {
      session = kept;
    } finally {
      lock.unlock();
    }
    kept.onChange(
        state -> {
          if (state instanceof SessionState.Closed) {
            close();
          } else {
            wake();
          }
        });
    keeping.start();
  }

  private void wake() {
    lock.lock();
    try {
      news.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Something in the network has changed. */
  void shaken() {
    lock.lock();
    try {
      selector.shaken(System.nanoTime());
      news.signalAll();
    } finally {
      lock.unlock();
    }
  }

  // ---- making connections ----------------------------------------------------------------------

  @Override
  public Connection connect() throws IOException {
    Connection connection;
    try {
      connection = connection(Integer.MAX_VALUE);
    } catch (RemoteException | NodeException e) {
      throw e;
    } catch (IOException e) {
      throw new NodeException(
          NodeException.Kind.UNREACHABLE,
          peer.shortForm() + " cannot be reached: " + e.getMessage(),
          e);
    }
    use(connection);
    return connection;
  }

  private void use(Connection connection) {
    @Nullable Connection old;
    lock.lock();
    try {
      old = current;
      current = connection;
      selector.connected(connection.path(), System.nanoTime());
      if (connection.path().kind() != Path.Kind.RELAY) {
        known = List.of(connection.path().remote());
      }
    } finally {
      lock.unlock();
    }
    if (old != null && !old.equals(connection)) {
      old.close("another path took over");
    }
  }

  /** The first connection of a new race. */
  private Connection connection(int above) throws IOException {
    PathRace fresh = new PathRace(above, this::found);
    @Nullable PathRace before;
    @Nullable PresentInstance where;
    List<String> last;
    lock.lock();
    try {
      where = process;
      process = null;
      before = race;
      race = fresh;
      last = known;
    } finally {
      lock.unlock();
    }
    if (before != null) {
      before.abandon();
    }
    try {
      node.begin(fresh, where == null ? node.locate(peer, resource) : where, resource, policy);
    } catch (RemoteException e) {
      throw e;
    } catch (IOException e) {
      Set<String> guesses = new LinkedHashSet<>(last);
      guesses.addAll(node.neighbours());
      if (guesses.isEmpty() || !policy.permits(Way.QUIC)) {
        throw e;
      }
      LOG.debug("the node cannot be asked where it is, trying {}", guesses, e);
      fresh.run(Way.QUIC, () -> node.connect(peer, List.copyOf(guesses), Duration.ofSeconds(3)));
    }
    Connection connection = fresh.first(CONNECT);
    explain(connection, fresh);
    return connection;
  }

  private void explain(Connection connection, PathRace from) {
    String failures = from.why();
    String sentence =
        switch (connection.path().kind()) {
          case DIRECT -> "the peer's own address answers";
          case PUNCHED -> "the NATs on the way were opened from both sides";
          case RELAY -> "no straight way was found yet";
        };
    lock.lock();
    try {
      why = failures.isEmpty() ? sentence : sentence + " (" + failures + ")";
    } finally {
      lock.unlock();
    }
  }

  /** A race has found something better than what it gave before. */
  private void found(Connection connection) {
    @Nullable Connection unused;
    lock.lock();
    try {
      unused = closed ? connection : candidate;
      if (!closed) {
        candidate = connection;
        news.signalAll();
      }
    } finally {
      lock.unlock();
    }
    if (unused != null) {
      unused.close("another path is better");
    }
  }

  // ---- looking after the session ---------------------------------------------------------------

  private void keep() {
    try {
      while (true) {
        @Nullable Connection better;
        Step step;
        lock.lock();
        try {
          if (!closed && !isReady()) {
            long _ = news.awaitNanos(TICK.toNanos());
          }
          if (closed) {
            return;
          }
          better = isReady() ? candidate : null;
          if (better != null) {
            candidate = null;
          }
          step = better == null ? step() : Step.STAY;
        } finally {
          lock.unlock();
        }
        if (better != null) {
          move(better);
        } else if (step != Step.STAY) {
          seek(step);
        }
      }
    } catch (InterruptedException e) {
      // Closed.
      Thread.currentThread().interrupt();
    }
  }

  /** Whether there is something to move a connected session to. */
  private boolean isReady() {
    Session kept = session;
    return candidate != null && kept != null && kept.state() instanceof SessionState.Connected;
  }

  private Step step() {
    Connection used = current;
    Session kept = session;
    if (used == null || kept == null || !(kept.state() instanceof SessionState.Connected)) {
      return Step.STAY;
    }
    PathRace last = race;
    long now = System.nanoTime();
    Step step = selector.step(used.silence(), now);
    if (step == Step.IMPROVE && last != null && !last.isOver()) {
      return Step.STAY;
    }
    return step;
  }

  private void seek(Step step) {
    @Nullable Connection used;
    lock.lock();
    try {
      used = current;
      improving = true;
    } finally {
      lock.unlock();
    }
    if (used == null) {
      return;
    }
    try {
      boolean any = step == Step.REPLACE;
      if (any) {
        node.doubt();
      }
      LOG.debug("{} for {}: {}", step, peer.shortForm(), used.path());
      Connection connection = connection(any ? Integer.MAX_VALUE : PathRank.of(used.path()));
      if (any && used.isOpen() && used.silence().compareTo(TICK.multipliedBy(2)) < 0) {
        LOG.debug("the old path is alive again");
        if (PathRank.of(connection.path()) >= PathRank.of(used.path())) {
          connection.close("the old path is alive again");
          return;
        }
      }
      move(connection);
    } catch (IOException e) {
      LOG.debug("no other path to {}", peer.shortForm(), e);
      lock.lock();
      try {
        selector.failed(System.nanoTime());
        if (used.path().kind() == Path.Kind.RELAY) {
          why = "no straight way was found yet (" + e.getMessage() + ")";
        }
      } finally {
        lock.unlock();
      }
    } finally {
      lock.lock();
      try {
        improving = false;
      } finally {
        lock.unlock();
      }
    }
  }

  private void move(Connection connection) {
    @Nullable Session kept;
    lock.lock();
    try {
      kept = session;
    } finally {
      lock.unlock();
    }
    if (kept == null) {
      return;
    }
    try {
      kept.moveTo(connection);
      LOG.info("{} is reached over {} now", peer.shortForm(), connection.path());
      use(connection);
      PathRace from = race;
      if (from != null) {
        explain(connection, from);
      }
    } catch (IOException e) {
      LOG.debug("a better path broke at once", e);
      connection.close("it broke at once");
    }
  }

  // ---- what people see -------------------------------------------------------------------------

  /** The present path; null when there is none. */
  @Nullable PathView view() {
    lock.lock();
    try {
      Connection used = current;
      if (used == null || !used.isOpen()) {
        return null;
      }
      OptionalLong next = selector.nextAttempt();
      @Nullable Instant attempt =
          next.isEmpty()
              ? null
              : improving
                  ? clock.instant()
                  : clock.instant().plusNanos(Math.max(0, next.getAsLong() - System.nanoTime()));
      return new PathView(used.path(), used.roundTrip(), why, attempt);
    } finally {
      lock.unlock();
    }
  }

  /** Ends; the session's connection is closed too. */
  @Override
  public void close() {
    @Nullable Connection used;
    @Nullable Connection waiting;
    @Nullable PathRace last;
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      used = current;
      waiting = candidate;
      last = race;
      candidate = null;
      news.signalAll();
    } finally {
      lock.unlock();
    }
    node.forget(this);
    if (last != null) {
      last.abandon();
    }
    if (waiting != null) {
      waiting.close("the session is over");
    }
    if (used != null) {
      used.close("the session is over");
    }
    keeping.interrupt();
  }
}
