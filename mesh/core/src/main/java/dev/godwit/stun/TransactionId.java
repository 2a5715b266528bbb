package dev.godwit.stun;

import dev.godwit.identity.Octets;
import java.security.SecureRandom;

/** What a response has in common with its request: 12 random bytes. */
public record TransactionId(Octets value) {

  /** The number of bytes. */
  public static final int BYTES = 12;

  /** Checks the length. */
  public TransactionId {
    value.requireLength(BYTES, "A STUN transaction id");
  }

  /** Draws a new one. */
  public static TransactionId random(SecureRandom random) {
    return new TransactionId(Octets.random(BYTES, random));
  }

  /** A fresh copy of the 12 bytes. */
  public byte[] bytes() {
    return value.toByteArray();
  }

  /** 24 hexadecimal digits. */
  @Override
  public String toString() {
    return value.toHex();
  }
}
