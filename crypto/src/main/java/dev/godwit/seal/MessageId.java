package dev.godwit.seal;

import dev.godwit.identity.Octets;
import java.security.SecureRandom;

/** The number of one sealed message: 16 random bytes. */
public record MessageId(Octets value) {

  /** The number of bytes. */
  public static final int BYTES = 16;

  /** Checks the length. */
  public MessageId {
    value.requireLength(BYTES, "A message id");
  }

  /** Takes 16 bytes. */
  public static MessageId of(byte[] bytes) {
    return new MessageId(Octets.of(bytes));
  }

  /** Draws a new one. */
  public static MessageId random(SecureRandom random) {
    return new MessageId(Octets.random(BYTES, random));
  }

  /** A fresh copy of the 16 bytes. */
  public byte[] bytes() {
    return value.toByteArray();
  }

  /** 32 hexadecimal digits. */
  @Override
  public String toString() {
    return value.toHex();
  }
}
