package dev.godwit.path;

import dev.godwit.identity.Octets;
import java.security.SecureRandom;

/**
 * What both sides of a connectivity check know and nobody else: 16 random bytes that travel sealed.
 * Who shows it in a check is believed about the address that the check comes from, and about
 * nothing else; the peer's identity is proven later, on the connection.
 */
public record CheckToken(Octets value) {

  /** The number of bytes. */
  public static final int BYTES = 16;

  /** Checks the length. */
  public CheckToken {
    value.requireLength(BYTES, "A check token");
  }

  /** Draws a new one. */
  public static CheckToken random(SecureRandom random) {
    return new CheckToken(Octets.random(BYTES, random));
  }

  /** Not the token: it must not get into a log. */
  @Override
  public String toString() {
    return "CheckToken";
  }
}
