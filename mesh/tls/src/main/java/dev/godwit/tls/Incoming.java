package dev.godwit.tls;

import dev.godwit.stream.Connection;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Accepted connections, on their way to whoever listens. Thread-safe; never blocks. */
final class Incoming {
  /** Connections that wait for a listener. */
  private static final int MAX_EARLY = 64;

  private final String thread;
  private final Queue<Connection> early = new ArrayDeque<>();
  private @Nullable Consumer<Connection> listener;

  /**
   * @param thread the name of the virtual threads on which the listener is called
   */
  Incoming(String thread) {
    this.thread = thread;
  }

  /** Gives a connection to the listener, or keeps it until there is one. */
  void hand(Connection connection) {
    Consumer<Connection> target;
    synchronized (early) {
      if (listener == null) {
        if (early.size() < MAX_EARLY) {
          early.add(connection);
        } else {
          connection.close("nobody listens here");
        }
        return;
      }
      target = listener;
    }
    Thread.ofVirtual().name(thread).start(() -> target.accept(connection));
  }

  /** Who gets the connections from now on, and those that wait. */
  void listen(Consumer<Connection> target) {
    List<Connection> waiting;
    synchronized (early) {
      listener = target;
      waiting = new ArrayList<>(early);
      early.clear();
    }
    waiting.forEach(this::hand);
  }
}
