package dev.godwit.hub;

import dev.godwit.membership.MeshId;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Which meshes have lost somebody a moment ago, who may be back in another. A hub that has just
 * been started does not know who was there before, so that all of them have. For one thread at a
 * time.
 */
final class Losses {

  /** Time for a few attempts to connect again. */
  static final Duration MOMENT = Duration.ofSeconds(10);

  private final InstantSource clock;
  private final Instant started;

  /** The last loss of each mesh, the oldest first. */
  private final Map<MeshId, Instant> lost = new LinkedHashMap<>();

  Losses(InstantSource clock) {
    this.clock = clock;
    this.started = clock.instant();
  }

  /** A connection was lost without a goodbye. */
  void add(MeshId mesh) {
    forget();
    lost.remove(mesh);
    lost.put(mesh, clock.instant());
  }

  /** Whether somebody of the mesh may be back in a moment. */
  boolean isRecent(MeshId mesh) {
    forget();
    return !isOver(started) || lost.containsKey(mesh);
  }

  private void forget() {
    Iterator<Instant> oldest = lost.values().iterator();
    while (oldest.hasNext() && isOver(oldest.next())) {
      oldest.remove();
    }
  }

  private boolean isOver(Instant since) {
    return Duration.between(since, clock.instant()).compareTo(MOMENT) > 0;
  }
}
