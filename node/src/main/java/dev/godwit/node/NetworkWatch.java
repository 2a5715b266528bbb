package dev.godwit.node;

import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collections;
import java.util.HashSet;
import java.util.Set;
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

  private final InstantSource clock;
  private final Runnable changed;
  private final Thread watching;

  private NetworkWatch(InstantSource clock, Runnable changed) {
    this.clock = clock;
    this.changed = changed;
    this.watching = Thread.ofVirtual().name("network-watch").unstarted(this::watch);
  }

  /**
   * Begins to watch.
   *
   * @param changed called on a thread of the watch; must not take long
   */
  static NetworkWatch start(InstantSource clock, Runnable changed) {
    NetworkWatch watch = new NetworkWatch(clock, changed);
    watch.watching.start();
    return watch;
  }

  private void watch() {
    Set<InetAddress> before = addresses();
    long wall = clock.millis();
    long steady = System.nanoTime();
    try {
      while (true) {
        Thread.sleep(LOOK);
        Set<InetAddress> now = addresses();
        long wallNow = clock.millis();
        long steadyNow = System.nanoTime();
        long passed = Duration.ofNanos(steadyNow - steady).toMillis();
        boolean slept =
            Math.abs(wallNow - wall - passed) > JUMP.toMillis() || passed > JUMP.toMillis();
        if (slept || !now.equals(before)) {
          LOG.info(
              "{}; all paths are looked at again",
              slept ? "This machine slept, or its clock was set" : "The addresses have changed");
          changed.run();
        }
        before = now;
        wall = wallNow;
        steady = steadyNow;
      }
    } catch (InterruptedException e) {
      // Closed.
      Thread.currentThread().interrupt();
    }
  }

  private static Set<InetAddress> addresses() {
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
