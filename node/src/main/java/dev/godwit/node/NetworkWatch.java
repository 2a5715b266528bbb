package dev.godwit.node;

import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collections;
import java.util.HashSet;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices within a second or two that this machine has other addresses than before, or that it has
 * slept: then the wall clock has moved by more than the time that passed.
 */
final class NetworkWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(NetworkWatch.class);
  private static final Duration LOOK = Duration.ofSeconds(1);
  private static final Duration JUMP = Duration.ofSeconds(5);

  private final Supplier<Set<InetAddress>> addresses;
  private final InstantSource clock;
  private final LongSupplier steady;
  private final Runnable changed;
  private final Thread watching;
  private Set<InetAddress> before;
  private long wallBefore;
  private long steadyBefore;

  /**
   * A watch that looks when it is told to.
   *
   * @param addresses of this machine, now
   * @param steady nanoseconds of a clock that nobody sets
   */
  NetworkWatch(
      Supplier<Set<InetAddress>> addresses,
      InstantSource clock,
      LongSupplier steady,
      Runnable changed) {
    this.addresses = addresses;
    this.clock = clock;
    this.steady = steady;
    this.changed = changed;
    this.watching = Thread.ofVirtual().name("network-watch").unstarted(this::watch);
    this.before = addresses.get();
    this.wallBefore = clock.millis();
    this.steadyBefore = steady.getAsLong();
  }

  /**
   * Begins to watch.
   *
   * @param changed called on a thread of the watch; must not take long
   */
  static NetworkWatch start(InstantSource clock, Runnable changed) {
    NetworkWatch watch =
        new NetworkWatch(NetworkWatch::ofThisMachine, clock, System::nanoTime, changed);
    watch.watching.start();
    return watch;
  }

  private void watch() {
    try {
      while (true) {
        Thread.sleep(LOOK);
        look();
      }
    } catch (InterruptedException e) {
      // Closed.
      Thread.currentThread().interrupt();
    }
  }

  /** Compares with the last time; on one thread. */
  void look() {
    Set<InetAddress> now = addresses.get();
    long wallNow = clock.millis();
    long steadyNow = steady.getAsLong();
    long passed = Duration.ofNanos(steadyNow - steadyBefore).toMillis();
    boolean slept =
        Math.abs(wallNow - wallBefore - passed) > JUMP.toMillis() || passed > JUMP.toMillis();
    boolean moved = !now.equals(before);
    before = now;
    wallBefore = wallNow;
    steadyBefore = steadyNow;
    if (slept || moved) {
      LOG.info(
          "{}; all paths are looked at again",
          slept ? "This machine slept, or its clock was set" : "The addresses have changed");
      changed.run();
    }
  }

  private static Set<InetAddress> ofThisMachine() {
    Set<InetAddress> all = new HashSet<>();
    try {
      for (NetworkInterface nic : Collections.list(NetworkInterface.getNetworkInterfaces())) {
        if (nic.isUp()) {
          all.addAll(Collections.list(nic.getInetAddresses()));
        }
      }
    } catch (SocketException e) {
      LOG.debug("the interfaces cannot be listed now", e);
    }
    return all;
  }

  @Override
  public void close() {
    watching.interrupt();
  }
}
