package dev.godwit.stream;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Accepted connections, on their way to whoever listens. Thread-safe; never blocks. */
public final class AcceptedConnections {
  /** Connections that wait for a listener. */
  private static final int MAX_EARLY = 64;

  private final String thread;
  private final Queue<Connection> early = new ArrayDeque<>();
  private @Nullable Consumer<Connection> listener;

  /**
   * None yet.
   *
   * @param thread the name of the virtual threads on which the listener is called
   */
  public AcceptedConnections(String thread) {
    this.thread = thread;
  }

  /** Gives a connection to the listener, or keeps it until there is one. */
  public void hand(Connection connection) {
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
  public void listen(Consumer<Connection> target) {
    List<Connection> waiting;
    synchronized (early) {
      listener = target;
      waiting = new ArrayList<>(early);
      early.clear();
    }
    waiting.forEach(this::hand);
  }
}
