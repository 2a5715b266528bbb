package dev.godwit.signaling;

import dev.godwit.identity.Octets;
import java.security.SecureRandom;

/**
 * What a node shows on connections that the hub shall relay: 32 random bytes that the hub gave it
 * at login, and that are worth nothing once that login is over.
 */
public record RelayPass(Octets value) {

  /** The number of bytes. */
  public static final int BYTES = 32;

  /** Checks the length. */
  public RelayPass {
    value.requireLength(BYTES, "A relay pass");
  }

  /** Draws a new one. */
  public static RelayPass random(SecureRandom random) {
    return new RelayPass(Octets.random(BYTES, random));
  }

  /** Not the pass: it must not get into a log. */
  @Override
  public String toString() {
    return "RelayPass";
  }
}
