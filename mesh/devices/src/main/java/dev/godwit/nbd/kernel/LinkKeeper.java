package dev.godwit.nbd.kernel;

import dev.godwit.libc.SystemCalls;
import dev.godwit.nbd.NbdAddress;
import dev.godwit.nbd.ServerOffer;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Replaces the connections that a device loses, on a thread of its own, until it is told to stop or
 * the device is gone. Meanwhile programs' accesses wait in the kernel.
 */
final class LinkKeeper {
  private static final Logger LOG = LoggerFactory.getLogger(LinkKeeper.class);

  /**
   * The kernel learns of a lost connection when we do. It has to know before it is given another,
   * and who took the device away has to be done.
   */
  private static final int FIRST_PAUSE_MILLIS = 50;

  private static final int LONGEST_PAUSE_MILLIS = 1000;
  private static final int FOR_EVER = -1;

  private final NetlinkAttachment device;
  private final NbdAddress server;
  private final KernelNbdSettings settings;
  private final ServerOffer offer;
  private final SystemCalls calls;
  private final LinkWatch watch;
  private final CountDownLatch stopping = new CountDownLatch(1);
  private final CompletableFuture<Boolean> gone = new CompletableFuture<>();
  private final Thread thread;

  /** Whether the thread, when it ends, is the one that lets go of the connections. */
  private volatile boolean released;

  /** Guarded by itself. */
  private final List<ServerLink> links;

  private int missing;
  private Check check = Check.NONE;

  /** Whether the kernel marks the sockets that it uses, as all known ones do. */
  private enum Check {
    BY_MARK,
    NONE
  }

  LinkKeeper(
      SystemCalls calls,
      NetlinkAttachment device,
      NbdAddress server,
      KernelNbdSettings settings,
      List<ServerLink> links) {
    this.calls = calls;
    this.device = device;
    this.server = server;
    this.settings = settings;
    this.offer = links.getFirst().offer();
    this.links = new ArrayList<>(links);
    this.watch = new LinkWatch(calls);
    this.thread =
        Thread.ofPlatform().daemon().name("nbd-keeper-" + device.index()).unstarted(this::run);
  }

  /**
   * Begins, once the kernel uses the connections.
   *
   * @throws IOException when it cannot be told what the kernel does with them
   */
  void start() throws IOException {
    ServerLink first;
    synchronized (links) {
      first = links.getFirst();
    }
    check = first.isMarkedByKernel() ? Check.BY_MARK : Check.NONE;
    thread.start();
  }

  /** Completes when somebody has taken the device away. */
  CompletableFuture<Boolean> gone() {
    return gone.copy();
  }

  /** Replaces no connection from now on. Does not wait. */
  void stop() {
    stopping.countDown();
    thread.interrupt();
  }

  /** Ends all connections, so that nothing in the kernel waits for the server. Does not wait. */
  void cut() {
    synchronized (links) {
      links.forEach(ServerLink::cut);
    }
  }

  /** Lets go of the connections after {@link #stop} and {@link #cut}. */
  void close(Duration limit) throws InterruptedException {
    released = true;
    if (thread.isAlive() && !thread.join(limit)) {
      LOG.warn("{}: a thread is still busy with its server", SysBlock.device(device.index()));
      return;
    }
    closeLinks();
  }

  private void closeLinks() {
    synchronized (links) {
      links.forEach(ServerLink::close);
      links.clear();
    }
  }

  private void run() {
    int pause = FIRST_PAUSE_MILLIS;
    try {
      while (stopping.getCount() > 0) {
        if (dropLost()) {
          pause = FIRST_PAUSE_MILLIS;
        }
        if (missing > 0) {
          if (stopping.await(pause, TimeUnit.MILLISECONDS)) {
            return;
          }
          if (isOver()) {
            gone.complete(true);
            return;
          }
          pause = replaced() ? FIRST_PAUSE_MILLIS : Math.min(2 * pause, LONGEST_PAUSE_MILLIS);
        }
      }
    } catch (IOException | RuntimeException e) {
      LOG.error("{}: lost connections are not replaced", SysBlock.device(device.index()), e);
    } catch (InterruptedException e) {
      LOG.debug("{}: interrupted", SysBlock.device(device.index()), e);
    } finally {
      // Before that the others need them, to cut them.
      if (released) {
        closeLinks();
      }
    }
  }

  /** What cannot be told now is asked again with the next try. */
  private boolean isOver() {
    try {
      return device.isOver();
    } catch (IOException e) {
      LOG.info("{}: cannot be looked at: {}", SysBlock.device(device.index()), e.toString());
      return false;
    }
  }

  /** Waits for lost connections; while some are missing already it only looks. */
  private boolean dropLost() throws IOException {
    List<ServerLink> now;
    synchronized (links) {
      now = List.copyOf(links);
    }
    if (now.isEmpty()) {
      return false;
    }
    List<ServerLink> lost = watch.await(now, missing > 0 ? 0 : FOR_EVER);
    if (lost.isEmpty() || stopping.getCount() == 0) {
      return false;
    }
    synchronized (links) {
      links.removeAll(lost);
    }
    lost.forEach(ServerLink::cut);
    lost.forEach(ServerLink::close);
    missing += lost.size();
    LOG.warn(
        "{}: lost {} of {} connections to {}",
        SysBlock.device(device.index()),
        missing,
        missing + now.size() - lost.size(),
        server);
    return true;
  }

  private boolean replaced() {
    try {
      if (!taken(ServerLink.open(calls, server, settings.connect()))) {
        return false;
      }
      missing--;
      LOG.info("{}: reconnected to {}", SysBlock.device(device.index()), server);
      return true;
    } catch (IOException e) {
      LOG.info("{}: not reconnected yet: {}", SysBlock.device(device.index()), e.toString());
      return false;
    }
  }

  private boolean taken(ServerLink fresh) throws IOException {
    boolean taken = false;
    try {
      taken = isTaken(fresh);
    } finally {
      if (!taken) {
        fresh.close();
      }
    }
    if (taken) {
      synchronized (links) {
        links.add(fresh);
      }
      if (stopping.getCount() == 0) {
        fresh.cut();
      }
    }
    return taken;
  }

  private boolean isTaken(ServerLink fresh) throws IOException {
    if (!fresh.offer().equals(offer)) {
      LOG.warn("{}: {} offers something else by now", SysBlock.device(device.index()), server);
      return false;
    }
    if (stopping.getCount() == 0) {
      return false;
    }
    device.replace(fresh);
    // Without the mark the kernel has not noticed a loss yet, so it did not want a connection.
    return check == Check.NONE || fresh.isMarkedByKernel();
  }
}
