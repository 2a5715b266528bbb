package dev.godwit.path;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;

/**
 * Checks of all candidates of one peer, side by side, until one is closed or time is up. A check
 * that goes out opens our NAT for the peer's, and one that comes back shows that the way works in
 * both directions (RFC 8445, section 7, without roles and pairs: there is one socket on each side).
 * Checks that come from where nobody expected them are answered by checks in return, which is how a
 * peer behind a NAT with address-dependent mapping is found. Thread-safe.
 */
public final class Checks implements AutoCloseable {
  /** Most candidates of one peer, announced or found. */
  public static final int MAX_CANDIDATES = 24;

  /** Pause between two rounds at first; NATs on both sides open within one or two. */
  private static final Duration EAGER = Duration.ofMillis(50);

  private static final Duration EAGER_FOR = Duration.ofSeconds(2);
  private static final Duration CALM = Duration.ofMillis(250);

  private final StunAgent agent;
  private final CheckToken token;
  private final Duration patience;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Map<InetSocketAddress, Candidate> candidates = new LinkedHashMap<>();
  private final Map<InetSocketAddress, StunAgent.Check> running = new LinkedHashMap<>();
  private final CompletableFuture<Candidate> reachable = new CompletableFuture<>();
  private final CompletableFuture<Void> ended = new CompletableFuture<>();

  /** Whether there is a candidate that has not been checked yet. */
  private boolean grown;

  private boolean closed;

  Checks(StunAgent agent, CheckToken token, Collection<Candidate> announced, Duration patience) {
    this.agent = agent;
    this.token = token;
    this.patience = patience;
    for (Candidate candidate : announced) {
      add(candidate);
    }
  }

  private void add(Candidate candidate) {
    if (candidates.size() < MAX_CANDIDATES
        && candidates.putIfAbsent(candidate.address(), candidate) == null) {
      StunAgent.Check check = agent.checkOf(token, candidate.address());
      running.put(candidate.address(), check);
      var _ = check.answer().thenRun(() -> reachable.complete(candidate));
    }
  }

  void start() {
    Thread.ofVirtual().name("connectivity-checks").start(this::run);
  }

  private void run() {
    long start = System.nanoTime();
    try {
      while (true) {
        for (StunAgent.Check check : round()) {
          agent.send(check);
        }
        long passed = System.nanoTime() - start;
        Duration pause = passed < EAGER_FOR.toNanos() ? EAGER : CALM;
        if (passed >= patience.toNanos() || !pause(pause)) {
          return;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      close();
    }
  }

  private List<StunAgent.Check> round() {
    lock.lock();
    try {
      return List.copyOf(running.values());
    } finally {
      lock.unlock();
    }
  }

  /** Waits; a new candidate ends it early. False when it is over. */
  private boolean pause(Duration pause) throws InterruptedException {
    lock.lock();
    try {
      long left = pause.toNanos();
      while (left > 0 && !closed && !grown) {
        left = changed.awaitNanos(left);
      }
      grown = false;
      return !closed;
    } finally {
      lock.unlock();
    }
  }

  /** The peer has shown the token in a check from {@code from}. */
  void heardFrom(InetSocketAddress from) {
    lock.lock();
    try {
      if (!closed && !candidates.containsKey(from)) {
        add(new Candidate(Candidate.Kind.PEER_REFLEXIVE, from));
        grown = true;
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Completes with the first candidate that answered, exceptionally when none did in time. */
  public CompletableFuture<Candidate> reachable() {
    return reachable.copy();
  }

  /** Completes when the checks are over. */
  public CompletableFuture<Void> ended() {
    return ended.copy();
  }

  /** The candidates in text, for people. */
  public String described() {
    lock.lock();
    try {
      return candidates.keySet().stream()
          .map(address -> address.getAddress().getHostAddress() + " port " + address.getPort())
          .collect(Collectors.joining(", "));
    } finally {
      lock.unlock();
    }
  }

  /** Whether {@code address} is one of the peer's, and how it was learned. */
  public Optional<Candidate> find(InetSocketAddress address) {
    lock.lock();
    try {
      return Optional.ofNullable(candidates.get(address));
    } finally {
      lock.unlock();
    }
  }

  /** Ends the checks. */
  @Override
  public void close() {
    List<StunAgent.Check> over;
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      over = List.copyOf(running.values());
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    over.forEach(agent::forget);
    agent.ended(token, this);
    reachable.completeExceptionally(new IOException("no candidate has answered"));
    ended.complete(null);
  }
}
