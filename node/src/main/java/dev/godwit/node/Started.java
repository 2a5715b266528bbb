package dev.godwit.node;

import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;
import org.jspecify.annotations.Nullable;

/** What a node has started and that nobody has closed yet; it ends with the node. Thread-safe. */
final class Started {
  private final Map<Kind, SequencedSet<Closeable>> open = new EnumMap<>(Kind.class);
  private boolean ended;

  /** What was started, in the order in which it is ended. */
  enum Kind {
    /** What is used or fetched from elsewhere. */
    TAKEN,
    /** What others use or fetch. */
    OFFERED
  }

  /**
   * Remembers {@code one}, which was just started.
   *
   * @throws NodeException when everything has been ended meanwhile; {@code one} is closed then
   */
  <T extends Closeable> T add(Kind kind, T one) throws IOException {
    synchronized (this) {
      if (!ended) {
        open.computeIfAbsent(kind, _ -> new LinkedHashSet<>()).add(one);
        return one;
      }
    }
    one.close();
    throw new NodeException(NodeException.Kind.FAILED, "This node has been closed.");
  }

  /** Forgets {@code one}, which is being closed. */
  synchronized void forget(Closeable one) {
    open.values().forEach(some -> some.remove(one));
  }

  private synchronized List<Closeable> take() {
    ended = true;
    List<Closeable> all = new ArrayList<>();
    open.values().forEach(some -> all.addAll(some.reversed()));
    open.clear();
    return all;
  }

  /**
   * Closes everything that is open, what was started last first, also when some of it fails.
   *
   * @throws IOException why something could not be closed in order
   */
  void end() throws IOException {
    @Nullable IOException failed = null;
    for (Closeable one : take()) {
      try {
        one.close();
      } catch (IOException | RuntimeException e) {
        if (failed == null) {
          failed = new IOException("Not everything ended in order: " + e.getMessage(), e);
        } else {
          failed.addSuppressed(e);
        }
      }
    }
    if (failed != null) {
      throw failed;
    }
  }
}
