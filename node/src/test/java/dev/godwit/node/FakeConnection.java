package dev.godwit.node;

import dev.godwit.identity.Identity;
import dev.godwit.identity.NodeId;
import dev.godwit.stream.ByteStream;
import dev.godwit.stream.Connection;
import dev.godwit.stream.Path;
import dev.godwit.stream.StreamHandler;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** A connection that carries nothing. */
final class FakeConnection implements Connection {
  private static final NodeId PEER = Identity.generate(new SecureRandom()).id();

  private final Path path;
  private final CompletableFuture<String> closed = new CompletableFuture<>();

  private FakeConnection(Path path) {
    this.path = path;
  }

  static FakeConnection over(String transport) {
    return over(transport.equals("relay") ? Path.Kind.RELAY : Path.Kind.DIRECT, transport);
  }

  static FakeConnection over(Path.Kind kind, String transport) {
    return new FakeConnection(new Path(kind, transport, "192.0.2.1:7"));
  }

  @Override
  public NodeId peer() {
    return PEER;
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public Duration roundTrip() {
    return Duration.ZERO;
  }

  @Override
  public ByteStream open(Urgency urgency) throws IOException {
    throw new IOException("it carries nothing");
  }

  @Override
  public void serve(StreamHandler handler) {
    // Nobody opens a stream.
  }

  @Override
  public CompletableFuture<String> closed() {
    return closed;
  }

  @Override
  public void close(String reason) {
    closed.complete(reason);
  }

  @Override
  public String toString() {
    return path.toString();
  }
}
