package dev.godwit.hub;

import com.google.protobuf.ByteString;
import dev.godwit.membership.MeshId;
import dev.godwit.membership.Revocations;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The newest list of revocations of every mesh. When they become too large in all, the largest are
 * forgotten; nodes publish again what the hub does not have. Safe for use by many threads.
 */
final class RevocationBoard {

  private static final float LOAD = 0.75f;

  private final long capacity;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<MeshId, Posted> lists = new LinkedHashMap<>(16, LOAD, true);
  private long bytes;
  private volatile RevocationStore store = RevocationStore.NONE;

  /** Only the encoding is kept: parsed lists are several times as large. */
  private record Posted(long version, ByteString encoded) {}

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

  /** Tells {@code other} of every change from now on. */
  void keepIn(RevocationStore other) {
    store = other;
  }

  Change post(Revocations list) {
    List<MeshId> changed = new ArrayList<>();
    lock.lock();
    try {
      add(list, changed);
    } finally {
      lock.unlock();
    }
    changed.forEach(store::changed);
    return changed.isEmpty() ? Change.NONE : Change.NEWER;
  }

  private void add(Revocations list, List<MeshId> changed) {
    Posted old = lists.get(list.mesh());
    if (list.version() <= (old == null ? 0 : old.version)) {
      return;
    }
    ByteString encoded = ByteString.copyFrom(list.asBuffer());
    lists.put(list.mesh(), new Posted(list.version(), encoded));
    changed.add(list.mesh());
    bytes += encoded.size() - (old == null ? 0 : old.encoded.size());
    while (bytes > capacity && lists.size() > 1) {
      MeshId gone = largestBut(list.mesh());
      Posted forgotten = Objects.requireNonNull(lists.remove(gone));
      bytes -= forgotten.encoded.size();
      changed.add(gone);
    }
  }

  /**
   * The largest list, of equal ones the one that was not asked for longest. Anybody may publish for
   * a mesh of his own, and what he publishes to drive others out goes first.
   */
  private MeshId largestBut(MeshId kept) {
    return lists.entrySet().stream()
        .filter(entry -> !entry.getKey().equals(kept))
        .reduce((a, b) -> b.getValue().encoded.size() > a.getValue().encoded.size() ? b : a)
        .orElseThrow()
        .getKey();
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

  /**
   * A page of a mesh's list.
   *
   * @param offset from its beginning
   * @param most how many bytes the page may have
   * @return with version 0 when there is no such page
   */
  Page page(MeshId mesh, int offset, int most) {
    lock.lock();
    try {
      Posted posted = lists.get(mesh);
      if (posted == null || offset < 0 || offset >= posted.encoded.size()) {
        return new Page(0, 0, ByteString.EMPTY);
      }
      int end = (int) Math.min(posted.encoded.size(), (long) offset + most);
      return new Page(posted.version, posted.encoded.size(), posted.encoded.substring(offset, end));
    } finally {
      lock.unlock();
    }
  }

  /**
   * A part of a list.
   *
   * @param total bytes of the whole list
   */
  record Page(long version, int total, ByteString bytes) {}

  /** The encoding of a mesh's list; does not count as asked for. */
  Optional<ByteString> peek(MeshId mesh) {
    lock.lock();
    try {
      return lists.entrySet().stream()
          .filter(entry -> entry.getKey().equals(mesh))
          .map(entry -> entry.getValue().encoded)
          .findFirst();
    } finally {
      lock.unlock();
    }
  }
}
