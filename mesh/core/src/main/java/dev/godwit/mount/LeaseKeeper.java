package dev.godwit.mount;

import dev.godwit.session.RemoteException;
import dev.godwit.wire.proto.Failure;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Renews the lease of a mount for as long as it lives. A machine that was stopped meanwhile has
 * not: whoever is about to promise something asks {@link #ensure} first.
 */
final class LeaseKeeper implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LeaseKeeper.class);

  /** So often within its time, since one of them may be late. */
  static final int RENEWALS = 3;

  private final MountClient client;
  private final MountClient.Opened opened;
  private final Consumer<String> lost;
  private final LeaseClock clock;
  private final Thread thread;

  /**
   * A keeper that has not begun.
   *
   * @param clock of that lease
   * @param lost hears when somebody else has the lease, on the thread that has found out
   */
  LeaseKeeper(
      MountClient client, MountClient.Opened opened, LeaseClock clock, Consumer<String> lost) {
    this.client = client;
    this.opened = opened;
    this.clock = clock;
    this.lost = lost;
    this.thread = Thread.ofVirtual().name("mount-lease").unstarted(this::keep);
  }

  void start() {
    thread.start();
  }

  private void keep() {
    Duration pause = opened.lease().dividedBy(RENEWALS);
    try {
      do {
        TimeUnit.NANOSECONDS.sleep(pause.toNanos());
      } while (isRenewed(pause));
    } catch (InterruptedException e) {
      LOG.trace("the lease is not renewed any more", e);
    }
  }

  /** False when there is nothing to renew any more. */
  private boolean isRenewed(Duration limit) throws InterruptedException {
    try {
      renew(limit);
    } catch (RemoteException e) {
      if (e.code() == Failure.Code.CONFLICT) {
        lost.accept(String.valueOf(e.getMessage()));
        return false;
      }
      LOG.debug("the lease was not renewed", e);
    } catch (InterruptedIOException e) {
      throw (InterruptedException) new InterruptedException("closed").initCause(e);
    } catch (IOException e) {
      LOG.debug("the lease could not be renewed now", e);
    }
    return true;
  }

  private void renew(Duration limit) throws IOException {
    // Of when it was sent, whatever the answer: this machine may stand still meanwhile.
    LeaseClock.Moment sent = clock.now();
    try {
      client.renew(opened.generation(), limit);
    } catch (IOException e) {
      clock.unanswered(sent);
      throw e;
    }
    clock.confirmed(sent);
  }

  /**
   * Passes when this mount has the lease as far as can be known. One that has run out is renewed
   * first; an owner that does not answer within {@code limit} is away, and what it will say when it
   * is back is not known.
   *
   * @throws IOException when somebody else has the lease, or had it meanwhile
   */
  void ensure(Duration limit) throws IOException {
    if (!clock.isOver()) {
      return;
    }
    try {
      renew(limit);
    } catch (RemoteException e) {
      if (e.code() == Failure.Code.CONFLICT) {
        String reason = String.valueOf(e.getMessage());
        // Elsewhere: it may wait for accesses to end, and this is one.
        Thread.ofVirtual().name("mount-lost").start(() -> lost.accept(reason));
        throw new IOException(reason, e);
      }
      LOG.debug("the lease was not renewed", e);
    } catch (InterruptedIOException e) {
      throw e;
    } catch (IOException e) {
      LOG.debug("the owner is away", e);
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
