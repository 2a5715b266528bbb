package dev.godwit.hub;

import dev.godwit.identity.Octets;
import dev.godwit.membership.MeshId;
import dev.godwit.membership.Revocations;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The newest list of revocations of every mesh, in memory. When they become too large, the lists
 * that were not asked for longest are forgotten; nodes publish again what the hub does not have.
 * Safe for use by many threads.
 */
final class RevocationBoard {

  private static final float LOAD = 0.75f;

  private final long capacity;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<MeshId, Posted> lists = new LinkedHashMap<>(16, LOAD, true);
  private long bytes;

  /** Only the encoding is kept: parsed lists are several times as large. */
  private record Posted(long version, Octets encoded) {}

  /** Whether a list changed anything. */
  enum Change {
    /** It is the newest now. */
    NEWER,
    /** There was one as new or newer. */
    NONE
  }

  RevocationBoard(long capacity) {
    this.capacity = capacity;
  }

  Change post(Revocations list) {
    Octets encoded = Octets.of(list.encoded());
    lock.lock();
    try {
      Posted old = lists.get(list.mesh());
      if (list.version() <= (old == null ? 0 : old.version)) {
        return Change.NONE;
      }
      lists.put(list.mesh(), new Posted(list.version(), encoded));
      bytes += encoded.length() - (old == null ? 0 : old.encoded.length());
      Iterator<Posted> oldest = lists.values().iterator();
      while (bytes > capacity && lists.size() > 1) {
        bytes -= oldest.next().encoded.length();
        oldest.remove();
      }
      return Change.NEWER;
    } finally {
      lock.unlock();
    }
  }

  /** The version of a mesh's list; 0 when there is none. */
  long version(MeshId mesh) {
    lock.lock();
    try {
      Posted posted = lists.get(mesh);
      return posted == null ? 0 : posted.version;
    } finally {
      lock.unlock();
    }
  }

  /** The encoding of a mesh's list. */
  Optional<Octets> newest(MeshId mesh) {
    lock.lock();
    try {
      return Optional.ofNullable(lists.get(mesh)).map(Posted::encoded);
    } finally {
      lock.unlock();
    }
  }
}
