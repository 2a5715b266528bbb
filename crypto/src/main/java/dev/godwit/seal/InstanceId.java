package dev.godwit.seal;

import dev.godwit.identity.Octets;
import java.security.SecureRandom;

/** One run of a node's process: 16 random bytes, drawn when it starts. */
public record InstanceId(Octets value) {

  /** The number of bytes. */
  public static final int BYTES = 16;

  /** Checks the length. */
  public InstanceId {
    value.requireLength(BYTES, "An instance id");
  }

  /** Takes 16 bytes. */
  public static InstanceId of(byte[] bytes) {
    return new InstanceId(Octets.of(bytes));
  }

  /** Draws a new one. */
  public static InstanceId random(SecureRandom random) {
    return new InstanceId(Octets.random(BYTES, random));
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
