package dev.godwit.node;

import dev.godwit.identity.NodeId;
import dev.godwit.session.RemoteException;
import dev.godwit.session.Session;
import dev.godwit.stream.Connection;
import java.io.IOException;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a session's connections: at the addresses that worked last, which needs no hub, and
 * otherwise where the node says that it is now.
 */
final class PeerConnector implements Session.Connector {
  private static final Logger LOG = LoggerFactory.getLogger(PeerConnector.class);

  private final Node node;
  private final ResourceName name;
  private final NodeId peer;
  private List<String> known = List.of();

  PeerConnector(Node node, ResourceName name, NodeId peer) {
    this.node = node;
    this.name = name;
    this.peer = peer;
  }

  @Override
  public synchronized Connection connect() throws IOException {
    List<String> addresses;
    try {
      addresses = node.addresses(node.locate(name).process(), name.resource());
    } catch (RemoteException e) {
      throw e;
    } catch (IOException e) {
      if (known.isEmpty()) {
        throw e;
      }
      LOG.debug("the hub knows no way, trying the last one", e);
      addresses = known;
    }
    Connection connection = node.connect(peer, addresses);
    known = addresses;
    return connection;
  }
}
