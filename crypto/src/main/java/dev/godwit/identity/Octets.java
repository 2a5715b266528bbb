package dev.godwit.identity;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * An immutable string of bytes with value equality. Comparing two of them takes a time that depends
 * on their lengths only, so that it is safe for hashes of secrets. The order is that of unsigned
 * bytes.
 */
public final class Octets implements Comparable<Octets> {

  private final byte[] bytes;

  private Octets(byte[] bytes) {
    this.bytes = bytes;
  }

  /** Copies {@code bytes}. */
  public static Octets of(byte... bytes) {
    return new Octets(bytes.clone());
  }

  /** Draws {@code length} random bytes. */
  public static Octets random(int length, SecureRandom random) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return new Octets(bytes);
  }

  /** The number of bytes. */
  public int length() {
    return bytes.length;
  }

  /** A fresh copy of the bytes. */
  public byte[] toByteArray() {
    return bytes.clone();
  }

  /** The bytes, to be read only; not copied. */
  public ByteBuffer asBuffer() {
    return ByteBuffer.wrap(bytes).asReadOnlyBuffer();
  }

  /** Returns this when it has exactly {@code length} bytes. */
  public Octets requireLength(int length, String what) {
    if (bytes.length != length) {
      throw new IllegalArgumentException(
          what + " has " + length + " bytes, not " + bytes.length + ".");
    }
    return this;
  }

  /** Lower-case hexadecimal digits. */
  public String toHex() {
    return HexFormat.of().formatHex(bytes);
  }

  @Override
  public int compareTo(Octets other) {
    return Arrays.compareUnsigned(bytes, other.bytes);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Octets that && MessageDigest.isEqual(bytes, that.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  /** Tells the length only: the bytes may be secret. */
  @Override
  public String toString() {
    return bytes.length + " bytes";
  }
}
