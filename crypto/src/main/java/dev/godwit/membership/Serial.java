package dev.godwit.membership;

import dev.godwit.identity.Octets;
import java.security.SecureRandom;

/** The number of one membership certificate: 16 random bytes. */
public record Serial(Octets value) {

  /** The number of bytes of a serial. */
  public static final int BYTES = 16;

  /** Checks the length. */
  public Serial {
    value.requireLength(BYTES, "A serial");
  }

  /** Draws a new one. */
  public static Serial random(SecureRandom random) {
    return new Serial(Octets.random(BYTES, random));
  }

  /** Hexadecimal digits. */
  @Override
  public String toString() {
    return value.toHex();
  }
}
