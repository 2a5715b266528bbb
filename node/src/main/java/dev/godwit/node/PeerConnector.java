package dev.godwit.node;

import dev.godwit.identity.NodeId;
import dev.godwit.session.RemoteException;
import dev.godwit.session.Session;
import dev.godwit.stream.Connection;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a session's connections: where the node says that it is now, and otherwise at the addresses
 * that worked last, which needs no hub.
 */
final class PeerConnector implements Session.Connector {
  private static final Logger LOG = LoggerFactory.getLogger(PeerConnector.class);
  private static final Duration DIAL = Duration.ofSeconds(10);

  /** An old address is a guess, made while the node cannot be asked; soon it is asked again. */
  private static final Duration DIAL_OLD = Duration.ofSeconds(3);

  private final Node node;
  private final NodeId peer;
  private final String resource;
  private List<String> known = List.of();

  PeerConnector(Node node, NodeId peer, String resource) {
    this.node = node;
    this.peer = peer;
    this.resource = resource;
  }

  @Override
  public synchronized Connection connect() throws IOException {
    Rendezvous rendezvous;
    try {
      rendezvous = node.rendezvous(node.locate(peer, resource).process(), resource);
    } catch (RemoteException e) {
      throw e;
    } catch (IOException e) {
      if (known.isEmpty()) {
        throw e;
      }
      LOG.debug("the node cannot be asked where it is, trying the last address", e);
      return node.connect(peer, known, DIAL_OLD);
    }
    Connection connection = node.connect(peer, rendezvous, DIAL);
    known = List.of(connection.path().remote());
    return connection;
  }
}
