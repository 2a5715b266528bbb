package dev.godwit.node;

import dev.godwit.membership.MembershipException;
import dev.godwit.membership.MeshId;
import dev.godwit.membership.Revocations;
import dev.godwit.session.LiveConnections;
import dev.godwit.session.MeshAdmission;
import dev.godwit.session.Peer;
import dev.godwit.session.RemoteException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sees to it that who is not a member any more is cut off within a second, wherever that became
 * known: here, at the hub, from another member, in another process of this node, or by the clock.
 */
final class AuthorityWatch implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(AuthorityWatch.class);
  private static final Duration LOOK = Duration.ofMillis(500);

  private final NodeHome home;
  private final MeshId mesh;
  private final MeshAdmission admission;
  private final LiveConnections connections;
  private final Consumer<Revocations> tell;
  private final Peer self;
  private final Consumer<String> advise;
  private final Thread thread;
  private boolean told;

  /** When the list that was read last was stored. */
  private Optional<FileTime> stored = Optional.empty();

  /**
   * A watch that has not begun.
   *
   * @param tell hears each time what is the newest list here; passes on what is new to it
   * @param self this node
   * @param advise hears once that this node is not a member any more
   */
  AuthorityWatch(
      NodeHome home,
      MeshAdmission admission,
      LiveConnections connections,
      Consumer<Revocations> tell,
      Peer self,
      Consumer<String> advise) {
    this.home = home;
    this.mesh = self.membership().mesh();
    this.admission = admission;
    this.connections = connections;
    this.tell = tell;
    this.self = self;
    this.advise = advise;
    this.thread = Thread.ofVirtual().name("authority").unstarted(this::watch);
  }

  void start() {
    thread.start();
  }

  private void watch() {
    try {
      while (true) {
        TimeUnit.NANOSECONDS.sleep(LOOK.toNanos());
        look();
      }
    } catch (InterruptedException e) {
      LOG.trace("authority is not watched any more", e);
    }
  }

  /** Looks once; on one thread. */
  void look() {
    try {
      Optional<FileTime> now = home.revocationsTime();
      if (!now.equals(stored)) {
        admission.learn(home.revocations(mesh));
        stored = now;
      }
    } catch (IOException | MembershipException e) {
      LOG.debug("what another process knows of revocations cannot be read", e);
    }
    tell.accept(admission.known());
    connections.cut(admission);
    try {
      admission.check(self);
      told = false;
    } catch (RemoteException e) {
      if (!told) {
        told = true;
        advise.accept(
            "This node is not a member of its mesh any more: "
                + Explanation.ended(String.valueOf(e.getMessage()))
                + " Nobody talks to it, and what runs here serves nobody.");
      }
    }
  }

  /**
   * Takes over a newer list, and cuts off at once who is not a member any more.
   *
   * @throws MembershipException when the list is not of the mesh
   */
  static void learn(MeshAdmission admission, LiveConnections connections, Revocations list)
      throws MembershipException {
    admission.learn(list);
    connections.cut(admission);
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
