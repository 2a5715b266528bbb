package dev.godwit.hub;

import dev.godwit.membership.MeshId;

/** Where a hub keeps lists of revocations, so that a restart forgets none. Thread-safe. */
interface RevocationStore {
  /** For a hub that keeps nothing. */
  RevocationStore NONE = mesh -> {};

  /** The board has another list of this mesh, or none any more; returns at once. */
  void changed(MeshId mesh);
}
