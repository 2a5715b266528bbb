package dev.godwit.hub;

import dev.godwit.limit.Source;
import dev.godwit.limit.TokenBucket;
import java.net.InetAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Counts connections and logins per address, so that one address cannot use up the hub. Safe for
 * use by many threads.
 */
final class AddressQuota {

  private static final Duration MINUTE = Duration.ofMinutes(1);

  private final HubLimits limits;
  private final InstantSource clock;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<Source, Usage> usages = new HashMap<>();
  private int connections;

  /** What to do with a new connection. */
  enum Verdict {
    /** Serve it. */
    ADMITTED,
    /** Say why not, then close it. */
    OVER,
    /** Close it: there are so many that even a refusal costs too much. */
    FAR_OVER
  }

  private static final class Usage {
    private final TokenBucket logins;
    private int connections;

    Usage(TokenBucket logins) {
      this.logins = logins;
    }
  }

  AddressQuota(HubLimits limits, InstantSource clock) {
    this.limits = limits;
    this.clock = clock;
  }

  /** Counts a connection, whatever the verdict is. */
  Verdict connected(InetAddress from) {
    lock.lock();
    try {
      connections++;
      int open = ++usage(from).connections;
      if (open > 2 * limits.connectionsPerAddress() || connections > 4 * limits.totalInstances()) {
        return Verdict.FAR_OVER;
      }
      return open > limits.connectionsPerAddress() ? Verdict.OVER : Verdict.ADMITTED;
    } finally {
      lock.unlock();
    }
  }

  void disconnected(InetAddress from) {
    lock.lock();
    try {
      connections--;
      usage(from).connections--;
    } finally {
      lock.unlock();
    }
  }

  /** Counts a login; when it is one too many, tells how long to wait. */
  Optional<Duration> login(InetAddress from) {
    lock.lock();
    try {
      return usage(from).logins.take();
    } finally {
      lock.unlock();
    }
  }

  /** Forgets addresses that are as if they had never been here. */
  void sweep() {
    lock.lock();
    try {
      usages.values().removeIf(usage -> usage.connections == 0 && usage.logins.isFull());
    } finally {
      lock.unlock();
    }
  }

  int connections() {
    lock.lock();
    try {
      return connections;
    } finally {
      lock.unlock();
    }
  }

  private Usage usage(InetAddress from) {
    int logins = limits.loginsPerMinutePerAddress();
    return usages.computeIfAbsent(
        Source.of(from), address -> new Usage(new TokenBucket(clock, logins, logins, MINUTE)));
  }
}
