package dev.godwit.stream;

import dev.godwit.identity.NodeId;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/**
 * A way to make {@link Connection}s. A transport proves the peer's identity key on every connection
 * it makes or accepts, before anyone sees a byte. Thread-safe.
 */
public interface Transport extends Closeable {

  /** The name that users write: {@code quic}, {@code webrtc}, {@code tls}, {@code memory}. */
  String name();

  /** Addresses at which this transport can be dialled, in its own textual form; best first. */
  List<String> addresses();

  /**
   * Connects to a peer and proves that it holds the key of {@code peer}.
   *
   * @param addresses where it may be reached, in the form of {@link #addresses()}; tried side by
   *     side, the first that works wins
   * @param timeout how long the whole attempt may take, positive
   * @throws IOException when no address led to that peer; the message names each and why
   */
  Connection dial(NodeId peer, List<String> addresses, Duration timeout) throws IOException;

  /** Gives every accepted connection to {@code listener}, on a virtual thread. Called once. */
  void listen(Consumer<Connection> listener);

  /** Closes all connections and the sockets below; waits a bounded time. May be called twice. */
  @Override
  void close();
}
