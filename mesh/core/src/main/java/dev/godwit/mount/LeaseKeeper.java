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

/** Renews the lease of a mount for as long as it lives. */
final class LeaseKeeper implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LeaseKeeper.class);

  /** So often within its time, since one of them may be late. */
  private static final int RENEWALS = 3;

  private final MountClient client;
  private final MountClient.Opened opened;
  private final Consumer<String> lost;
  private final Thread thread;

  /**
   * A keeper that has not begun.
   *
   * @param lost hears once, on a thread of its own, when somebody else has the lease
   */
  LeaseKeeper(MountClient client, MountClient.Opened opened, Consumer<String> lost) {
    this.client = client;
    this.opened = opened;
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
      client.renew(opened.generation(), limit);
    } catch (RemoteException e) {
      LOG.debug("the lease was not renewed", e);
      if (e.code() == Failure.Code.CONFLICT) {
        lost.accept(String.valueOf(e.getMessage()));
        return false;
      }
    } catch (InterruptedIOException e) {
      throw (InterruptedException) new InterruptedException("closed").initCause(e);
    } catch (IOException e) {
      LOG.debug("the lease could not be renewed now", e);
    }
    return true;
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
