package dev.godwit.signaling;

import dev.godwit.identity.Octets;
import java.security.SecureRandom;

/**
 * By which the hub knows that two connections are to be spliced: 16 random bytes that one node drew
 * and sent sealed to the other.
 */
public record CircuitId(Octets value) {

  /** The number of bytes. */
  public static final int BYTES = 16;

  /** Checks the length. */
  public CircuitId {
    value.requireLength(BYTES, "A circuit's id");
  }

  /** Draws a new one. */
  public static CircuitId random(SecureRandom random) {
    return new CircuitId(Octets.random(BYTES, random));
  }

  /** Not the id: whoever knows it can take the place of a node that is not there yet. */
  @Override
  public String toString() {
    return "CircuitId";
  }
}
