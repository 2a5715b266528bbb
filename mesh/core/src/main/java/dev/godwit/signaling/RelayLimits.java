package dev.godwit.signaling;

import dev.godwit.signaling.proto.RelayTerms;
import java.time.Duration;

/**
 * What a hub's relay grants; zero stands for no limit.
 *
 * @param bytesPerSecond for all users together, who share it equally
 * @param bytesPerCircuit of one circuit, both directions together
 * @param perCircuit how long one circuit may last, in whole seconds
 * @param circuitsPerNode circuits of one node at a time
 */
public record RelayLimits(
    long bytesPerSecond, long bytesPerCircuit, Duration perCircuit, int circuitsPerNode) {

  /** Checks the ranges. */
  public RelayLimits {
    if (bytesPerSecond < 0
        || bytesPerCircuit < 0
        || perCircuit.isNegative()
        || circuitsPerNode < 0) {
      throw new IllegalArgumentException("A limit of the relay is not negative.");
    }
  }

  /** For a hub of friends: no rate, no volume and no time, sixteen circuits for each node. */
  public static RelayLimits defaults() {
    return new RelayLimits(0, 0, Duration.ZERO, 16);
  }

  /** As the hub announces them. */
  public RelayTerms toProto() {
    return RelayTerms.newBuilder()
        .setBytesPerSecond(bytesPerSecond)
        .setBytesPerCircuit(bytesPerCircuit)
        .setSecondsPerCircuit((int) perCircuit.toSeconds())
        .setCircuitsPerNode(circuitsPerNode)
        .build();
  }

  /**
   * What a hub announced.
   *
   * @throws IllegalArgumentException when it makes no sense
   */
  public static RelayLimits of(RelayTerms terms) {
    return new RelayLimits(
        terms.getBytesPerSecond(),
        terms.getBytesPerCircuit(),
        Duration.ofSeconds(Integer.toUnsignedLong(terms.getSecondsPerCircuit())),
        terms.getCircuitsPerNode());
  }
}
