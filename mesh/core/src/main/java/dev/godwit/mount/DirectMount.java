package dev.godwit.mount;

import dev.godwit.backend.Backend;
import dev.godwit.chunk.LockedBackend;
import dev.godwit.mount.MountClient.Access;
import dev.godwit.session.Session;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A mount that keeps nothing here: every access goes to the owner and waits for it. */
public final class DirectMount implements Mount {
  private static final Logger LOG = LoggerFactory.getLogger(DirectMount.class);
  private static final Duration FENCE = Duration.ofSeconds(10);

  private final MountClient client;
  private final Access access;
  private final MountClient.Opened opened;
  private final RemoteBackend remote;
  private final LockedBackend gate;
  private final LeaseKeeper lease;
  private final ChangeFollower follower;
  private volatile @Nullable String lost;

  /**
   * A mount that the owner has let in.
   *
   * @param session speaks {@link MountHost#protocol} with the owner
   * @param opened what the owner said
   * @param timeout how long an access waits for the owner before it fails
   * @param follow how often to ask what others have changed, when it only reads
   */
  public DirectMount(
      Session session,
      MountClient client,
      Access access,
      MountClient.Opened opened,
      Duration timeout,
      Duration follow) {
    this.client = client;
    this.access = access;
    this.opened = opened;
    this.remote = new RemoteBackend(session, client, opened, access, timeout);
    this.gate = new LockedBackend(remote, timeout, LockedBackend.State.OPEN);
    this.lease = new LeaseKeeper(client, opened, LeaseClock.of(opened.lease()), this::lose);
    this.follower = new ChangeFollower(client, opened, follow, this::lose);
    switch (access) {
      case WRITE -> lease.start();
      case READ -> follower.start();
    }
  }

  private void lose(String reason) {
    lost = reason;
    fence(reason);
  }

  private void fence(String reason) {
    try {
      gate.fence(reason, FENCE);
    } catch (IOException e) {
      LOG.debug("some accesses have not ended", e);
    }
  }

  @Override
  public Backend device() {
    return gate;
  }

  /** Writes are at the owner when they return; whether they are durable there, a flush tells. */
  @Override
  public long unsavedBytes() {
    return 0;
  }

  @Override
  public long missingBytes() {
    return opened.geometry().size();
  }

  /** A write that cannot be saved fails. */
  @Override
  public @Nullable String problem() {
    return null;
  }

  @Override
  public @Nullable String lost() {
    return lost;
  }

  @Override
  public void onChange(ChangeListener listener) {
    follower.add(listener);
  }

  @Override
  public long end(Duration limit) throws IOException {
    fence("the mount has ended");
    close();
    if (lost != null) {
      // The owner takes no flush any more.
      return remote.unflushedBytes();
    }
    if (access == Access.WRITE) {
      remote.flush();
      try {
        client.close(opened.generation());
      } catch (IOException e) {
        // It runs out by itself.
        LOG.debug("the lease could not be given back", e);
      }
    }
    return 0;
  }

  @Override
  public void close() {
    lease.close();
    follower.close();
  }
}
