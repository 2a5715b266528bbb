package dev.godwit.migration;

import java.util.ArrayList;
import java.util.List;

/**
 * The migrations of a resource that are over. A late copy of one of their requests must not revive
 * them: what was written in the meantime is in none of their lists. Only the last {@value #KEPT}
 * are kept; no copy of a request is that late.
 *
 * @param ids the oldest first
 */
public record EndedMigrations(List<MigrationId> ids) {
  static final int KEPT = 64;

  /** None yet. */
  static final EndedMigrations NONE = new EndedMigrations(List.of());

  /** Copies the list. */
  public EndedMigrations {
    ids = List.copyOf(ids);
  }

  EndedMigrations and(MigrationId ended) {
    List<MigrationId> more = new ArrayList<>(ids.subList(ids.size() < KEPT ? 0 : 1, ids.size()));
    more.add(ended);
    return new EndedMigrations(more);
  }

  boolean has(MigrationId migration) {
    return ids.contains(migration);
  }
}
