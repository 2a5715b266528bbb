package dev.godwit.quic;

import java.time.Duration;

/**
 * How a QUIC endpoint is tuned.
 *
 * @param payload largest UDP payload that is sent, bytes, where the path lets it pass; 1472 fills
 *     an Ethernet frame
 * @param streamWindow how much a peer may send on a stream before it is read, bytes
 * @param connectionWindow the same for all streams of a connection
 * @param maxStreams how many streams a peer may have open at once
 * @param idleTimeout a connection on which nothing is heard for this long is dead
 * @param keepAlive how often the peer is asked for a sign of life
 */
public record QuicSettings(
    int payload,
    long streamWindow,
    long connectionWindow,
    int maxStreams,
    Duration idleTimeout,
    Duration keepAlive) {

  /** For the open internet: long fat paths, and a dead peer noticed within 15 seconds. */
  public static final QuicSettings STANDARD =
      new QuicSettings(
          1472, 32L << 20, 48L << 20, 256, Duration.ofSeconds(15), Duration.ofSeconds(1));
}
