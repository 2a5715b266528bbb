package dev.godwit.stream;

import dev.godwit.identity.NodeId;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** One end of an in-memory connection. */
final class MemoryConnection implements Connection {
  private final NodeId peer;
  private final CompletableFuture<String> closed;
  private final Set<MemoryByteStream> streams = ConcurrentHashMap.newKeySet();
  private final StreamQueue incoming = new StreamQueue();
  private @Nullable MemoryConnection other;

  private MemoryConnection(NodeId peer, CompletableFuture<String> closed) {
    this.peer = peer;
    this.closed = closed;
    var _ =
        closed.thenAccept(
            reason -> {
              for (MemoryByteStream stream : streams) {
                stream.breakOff("the connection is gone: " + reason);
              }
              incoming.close();
            });
  }

  static MemoryConnection[] pair(NodeId dialer, NodeId listener) {
    CompletableFuture<String> closed = new CompletableFuture<>();
    MemoryConnection here = new MemoryConnection(listener, closed);
    MemoryConnection there = new MemoryConnection(dialer, closed);
    here.other = there;
    there.other = here;
    return new MemoryConnection[] {here, there};
  }

  @Override
  public NodeId peer() {
    return peer;
  }

  @Override
  public Path path() {
    return new Path(Path.Kind.DIRECT, "memory", peer.shortForm());
  }

  @Override
  public Duration roundTrip() {
    return Duration.ZERO;
  }

  @Override
  public ByteStream open(Urgency urgency) throws IOException {
    MemoryConnection there = Objects.requireNonNull(other);
    MemoryByteStream[] ends = MemoryByteStream.pair();
    streams.add(ends[0]);
    there.streams.add(ends[1]);
    if (closed.isDone()) {
      ends[0].breakOff("the connection is gone");
      throw new IOException("the connection is gone: " + closed.join());
    }
    there.incoming.add(ends[1]);
    return ends[0];
  }

  @Override
  public void serve(StreamHandler handler) {
    incoming.serve(handler);
  }

  @Override
  public CompletableFuture<String> closed() {
    return closed.copy();
  }

  @Override
  public boolean isOpen() {
    return !closed.isDone();
  }

  @Override
  public void close(String reason) {
    closed.complete(reason);
  }
}
