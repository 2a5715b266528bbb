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
 * @param freeHandshakes how many may be under way before a peer that wants to connect has to prove
 *     its address, which takes a round trip more
 */
public record QuicSettings(
    int payload,
    long streamWindow,
    long connectionWindow,
    int maxStreams,
    Duration idleTimeout,
    Duration keepAlive,
    int freeHandshakes) {

  /** For the open internet: long fat paths, and a dead peer noticed within 15 seconds. */
  public static final QuicSettings STANDARD =
      new QuicSettings(
          1472,
          32L << 20,
          48L << 20,
          256,
          Duration.ofSeconds(15),
          Duration.ofSeconds(1),
          RetryTokens.FREE);

  /** With another number of handshakes that need no proof of an address. */
  public QuicSettings withFreeHandshakes(int handshakes) {
    return new QuicSettings(
        payload, streamWindow, connectionWindow, maxStreams, idleTimeout, keepAlive, handshakes);
  }
}
