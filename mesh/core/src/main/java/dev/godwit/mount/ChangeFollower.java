package dev.godwit.mount;

import dev.godwit.session.RemoteException;
import dev.godwit.wire.proto.Failure;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the owner again and again what has changed, for a mount that only reads. While the owner is
 * away nothing is told; what has changed meanwhile is told when it is back.
 */
final class ChangeFollower implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ChangeFollower.class);
  private static final Duration ANSWER = Duration.ofSeconds(10);

  private final MountClient client;
  private final MountClient.Opened opened;
  private final Duration pause;
  private final Consumer<String> lost;
  private final List<ChangeListener> listeners = new CopyOnWriteArrayList<>();
  private final Thread thread;

  /**
   * A follower that has not begun.
   *
   * @param pause between an answer and the next question
   * @param lost hears once, on a thread of its own, when the resource is not what was mounted
   */
  ChangeFollower(
      MountClient client, MountClient.Opened opened, Duration pause, Consumer<String> lost) {
    this.client = client;
    this.opened = opened;
    this.pause = pause;
    this.lost = lost;
    // Listeners wait in calls of the kernel, which would hold what a virtual thread runs on.
    this.thread = Thread.ofPlatform().daemon().name("mount-changes").unstarted(this::follow);
  }

  /** Adds one who hears of changes, after those that are there. */
  void add(ChangeListener listener) {
    listeners.add(listener);
  }

  void start() {
    thread.start();
  }

  private void follow() {
    MountClient.Moment known = opened.moment();
    try {
      boolean same = true;
      while (same) {
        TimeUnit.NANOSECONDS.sleep(pause.toNanos());
        MountClient.Changes changes = ask(known);
        known = changes.until();
        same = changes.size() == opened.geometry().size();
        if (!same) {
          lost.accept(
              "it had %d bytes and has %d now; mount it anew"
                  .formatted(opened.geometry().size(), changes.size()));
        } else if (!changes.blocks().isEmpty()) {
          listeners.forEach(listener -> listener.changed(changes.blocks()));
        }
      }
    } catch (InterruptedException e) {
      LOG.trace("changes are not followed any more", e);
    } catch (RemoteException e) {
      if (e.code() == Failure.Code.CONFLICT) {
        lost.accept(String.valueOf(e.getMessage()));
        return;
      }
      LOG.warn("what changes at the owner is not seen here: {}", e.getMessage());
    }
  }

  /** Asks until there is an answer. */
  private MountClient.Changes ask(MountClient.Moment known)
      throws InterruptedException, RemoteException {
    while (true) {
      try {
        return client.changes(known, opened.geometry().blocks(), ANSWER);
      } catch (RemoteException e) {
        if (e.code() == Failure.Code.UNKNOWN_OPERATION || e.code() == Failure.Code.CONFLICT) {
          throw e;
        }
        LOG.debug("the owner does not say what has changed", e);
      } catch (InterruptedIOException e) {
        throw (InterruptedException) new InterruptedException("closed").initCause(e);
      } catch (IOException e) {
        LOG.debug("the owner cannot be asked what has changed", e);
      }
      TimeUnit.NANOSECONDS.sleep(pause.toNanos());
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
