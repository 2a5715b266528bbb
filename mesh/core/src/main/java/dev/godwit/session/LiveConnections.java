package dev.godwit.session;

import dev.godwit.stream.Connection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The connections to peers that were welcome when these began. Thread-safe. */
public final class LiveConnections {
  private static final Logger LOG = LoggerFactory.getLogger(LiveConnections.class);

  private final Map<Connection, Peer> open = new ConcurrentHashMap<>();

  /** Adds one until it is closed. */
  void add(Connection connection, Peer peer) {
    open.put(connection, peer);
    var _ = connection.closed().whenComplete((_, _) -> open.remove(connection));
  }

  /** How many there are. */
  public int count() {
    return open.size();
  }

  /** Closes those to peers that are not welcome any more. */
  public void cut(Authority authority) {
    open.forEach(
        (connection, peer) -> {
          try {
            authority.check(peer);
          } catch (RemoteException e) {
            LOG.debug("a connection is cut", e);
            connection.close(String.valueOf(e.getMessage()));
          }
        });
  }
}
