package dev.godwit.stream;

import dev.godwit.identity.NodeId;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * An authenticated connection to one peer: a source of {@link ByteStream}s in both directions.
 *
 * <p>The peer's identity is proven before a {@code Connection} exists; whether it is welcome is the
 * business of the layer above. Thread-safe. A connection dies once; sessions outlive it.
 */
public interface Connection extends Closeable {

  /** The identity that the peer proved. */
  NodeId peer();

  /** How this connection reaches the peer. */
  Path path();

  /** Smoothed round-trip time, or {@link Duration#ZERO} when not measured yet. */
  Duration roundTrip();

  /**
   * For how long nothing at all was heard of the peer, which is asked for a sign of life every
   * second or so; {@link Duration#ZERO} when the transport cannot tell.
   */
  default Duration silence() {
    return Duration.ZERO;
  }

  /**
   * Opens a stream to the peer. The peer learns of it with the first byte written.
   *
   * @throws IOException when the connection is gone or the peer grants no more streams in time
   */
  ByteStream open(Urgency urgency) throws IOException;

  /**
   * Gives every stream that the peer opens to {@code handler}, each on a virtual thread of its own.
   * Streams that came before this call wait for it, up to a bound. Called once.
   */
  void serve(StreamHandler handler);

  /** Completes with the reason when the connection is gone, for whatever cause. */
  CompletableFuture<String> closed();

  /** Whether the connection still works as far as is known. */
  default boolean isOpen() {
    return !closed().isDone();
  }

  /**
   * Closes the connection and all its streams, telling the peer why.
   *
   * @param reason a short sentence for people, without secrets
   */
  void close(String reason);

  /** Closes with an empty reason. */
  @Override
  default void close() {
    close("");
  }

  /** Which streams go first when a connection has more to send than it may. */
  enum Urgency {
    /** Control messages and reads that a program waits for. */
    DEMAND,
    /** Background transfers. */
    BULK
  }
}
