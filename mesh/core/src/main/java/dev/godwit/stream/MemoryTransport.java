package dev.godwit.stream;

import dev.godwit.identity.NodeId;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A transport inside one process, for tests and for nodes that live together. Identities are taken
 * on trust: whoever holds the {@link Network} makes the transports.
 */
public final class MemoryTransport implements Transport {
  private final NodeId self;
  private final Network network;
  private final Set<MemoryConnection> connections = ConcurrentHashMap.newKeySet();
  private volatile @Nullable Consumer<Connection> listener;
  private volatile boolean closed;

  /** Joins {@code network} as {@code self}. */
  public MemoryTransport(NodeId self, Network network) {
    this.self = self;
    this.network = network;
  }

  /** What connects the in-memory transports of one process. Thread-safe. */
  public static final class Network {
    private final ConcurrentMap<NodeId, MemoryTransport> listening = new ConcurrentHashMap<>();

    /** An empty network. */
    public Network() {}
  }

  @Override
  public String name() {
    return "memory";
  }

  @Override
  public List<String> addresses() {
    return List.of("memory");
  }

  @Override
  public Connection dial(NodeId peer, List<String> addresses, Duration timeout) throws IOException {
    @Nullable MemoryTransport there = network.listening.get(peer);
    if (closed || there == null || there.closed) {
      throw new IOException("nobody listens as " + peer.shortForm());
    }
    @Nullable Consumer<Connection> target = there.listener;
    if (target == null) {
      throw new IOException("nobody listens as " + peer.shortForm());
    }
    MemoryConnection[] ends = MemoryConnection.pair(self, peer);
    track(ends[0]);
    there.track(ends[1]);
    Thread.ofVirtual().name("memory-accept").start(() -> target.accept(ends[1]));
    return ends[0];
  }

  private void track(MemoryConnection connection) {
    connections.add(connection);
    var _ = connection.closed().thenRun(() -> connections.remove(connection));
  }

  @Override
  public void listen(Consumer<Connection> listener) {
    this.listener = listener;
    network.listening.put(self, this);
  }

  @Override
  public void close() {
    closed = true;
    network.listening.remove(self, this);
    for (MemoryConnection connection : List.copyOf(connections)) {
      connection.close("the node was closed");
    }
  }
}
