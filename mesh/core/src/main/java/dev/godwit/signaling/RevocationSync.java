package dev.godwit.signaling;

import dev.godwit.membership.MeshId;
import dev.godwit.membership.Revocations;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the list of revocations here and the one at the hub the same: the newer replaces the older,
 * on whichever side it is. Thread-safe.
 */
final class RevocationSync {
  private static final Logger LOG = LoggerFactory.getLogger(RevocationSync.class);

  /** How often a list that the hub has told of is fetched until it is here. */
  private static final int ATTEMPTS_TO_FETCH = 10;

  private static final Duration FETCH_PAUSE = Duration.ofMillis(500);

  private final HubRequests hub;
  private final RevocationPages pages;
  private final Consumer<Revocations> newer;
  private final AtomicReference<Revocations> newest;

  /** The newest version that the hub has told of. */
  private final AtomicLong announced = new AtomicLong();

  private final AtomicBoolean fetching = new AtomicBoolean();

  /** Whether this side and the hub have the same list of revocations. */
  enum Settled {
    YES,
    NO
  }

  /**
   * A list that holds nothing yet.
   *
   * @param newer hears every newer list that comes from the hub; proven
   */
  RevocationSync(MeshId mesh, HubRequests hub, Consumer<Revocations> newer) {
    this.hub = hub;
    this.pages = new RevocationPages(mesh, hub::ask);
    this.newer = newer;
    this.newest = new AtomicReference<>(Revocations.none(mesh));
  }

  /** The newest list that was published here or came from the hub; proven. */
  Revocations newest() {
    return newest.get();
  }

  /** Keeps the list if it is newer, and returns it then. */
  Optional<Revocations> learn(Revocations list) {
    while (true) {
      Revocations present = newest.get();
      if (list.version() <= present.version()) {
        return Optional.empty();
      }
      if (newest.compareAndSet(present, list)) {
        return Optional.of(list);
      }
    }
  }

  /**
   * Gives the list to the hub, newer or not.
   *
   * @return the version that the hub has then, which may be higher; fails with {@link HubException}
   */
  CompletableFuture<Long> publish(Revocations list) {
    var _ = learn(list);
    return pages.publish(list);
  }

  /** Gives the list to the hub if it is new here, and the hub is there. */
  void inform(Revocations list) {
    if (learn(list).isPresent() && hub.link() != null) {
      var _ = reconcile(0);
    }
  }

  /**
   * Gets a list that is newer at the hub, or brings it one that is newer here.
   *
   * @param versionOfHub what the hub says that it has
   */
  CompletableFuture<Settled> reconcile(long versionOfHub) {
    Revocations known = newest();
    if (known.version() == versionOfHub) {
      return CompletableFuture.completedFuture(Settled.YES);
    }
    if (known.version() > versionOfHub) {
      return pages.publish(known).handle((done, failure) -> settled(failure));
    }
    announced.accumulateAndGet(versionOfHub, Math::max);
    return fetch(ATTEMPTS_TO_FETCH);
  }

  /** Gets the newest list that was told of; whoever comes while that is under way need not. */
  private CompletableFuture<Settled> fetch(int attempts) {
    if (!fetching.compareAndSet(false, true)) {
      return CompletableFuture.completedFuture(Settled.NO);
    }
    return pages
        .fetch()
        .thenAccept(list -> list.flatMap(this::learn).ifPresent(newer))
        .whenComplete((done, failure) -> fetching.set(false))
        .handle((done, failure) -> settled(failure))
        .thenCompose(settled -> fetchAgain(settled, attempts));
  }

  private CompletableFuture<Settled> fetchAgain(Settled settled, int attempts) {
    if (newest().version() >= announced.get()) {
      return CompletableFuture.completedFuture(settled);
    }
    if (attempts <= 1 || hub.link() == null) {
      return CompletableFuture.completedFuture(Settled.NO);
    }
    return CompletableFuture.supplyAsync(
            () -> attempts - 1,
            CompletableFuture.delayedExecutor(FETCH_PAUSE.toMillis(), TimeUnit.MILLISECONDS))
        .thenCompose(this::fetch);
  }

  private static Settled settled(@Nullable Throwable failure) {
    if (failure == null) {
      return Settled.YES;
    }
    LOG.warn("The revocations here and at the hub differ: {}", failure.getMessage());
    return Settled.NO;
  }
}
