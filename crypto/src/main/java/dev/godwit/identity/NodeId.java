package dev.godwit.identity;

import java.security.PublicKey;
import java.security.spec.InvalidKeySpecException;

/**
 * The name of a node: its Ed25519 public key (RFC 8032, 32 bytes). That the bytes are a usable key
 * is checked where a signature is verified, not here.
 */
public record NodeId(Octets key) implements Comparable<NodeId> {

  /** The number of bytes of a node id. */
  public static final int BYTES = KeyText.KEY_BYTES;

  private static final int SHORT_CHARS = 7;

  /**
   * @throws InvalidNodeIdException when {@code key} has not 32 bytes
   */
  public NodeId {
    if (key.length() != BYTES) {
      throw new InvalidNodeIdException(
          "A node id has " + BYTES + " bytes, not " + key.length() + ".");
    }
  }

  /**
   * Takes the 32 raw bytes of the public key.
   *
   * @throws InvalidNodeIdException when there are not 32 bytes
   */
  public static NodeId of(byte[] raw32) {
    return new NodeId(Octets.of(raw32));
  }

  /**
   * Reads the printed form, forgivingly: case, spaces and dashes do not matter, and 0, 1 and 8
   * stand for O, I and B.
   *
   * @throws InvalidNodeIdException naming the groups whose check character does not fit
   */
  public static NodeId parse(String text) {
    return new NodeId(
        KeyText.parse(
            text, flaw -> new InvalidNodeIdException("This is not a node id: " + flaw + ".")));
  }

  /** A fresh copy of the 32 raw bytes. */
  public byte[] bytes() {
    return key.toByteArray();
  }

  /**
   * The key for the JDK's {@code Ed25519} algorithms.
   *
   * @throws InvalidNodeIdException when the bytes are not a point that a key pair can have
   */
  public PublicKey publicKey() {
    try {
      return SigningKey.publicKey(key);
    } catch (InvalidKeySpecException e) {
      throw (InvalidNodeIdException)
          new InvalidNodeIdException("The node id " + this + " is not an Ed25519 public key.")
              .initCause(e);
    }
  }

  /** The first group, for logs: not unique against an adversary. */
  public String shortForm() {
    return toString().substring(0, SHORT_CHARS);
  }

  @Override
  public int compareTo(NodeId other) {
    return key.compareTo(other.key);
  }

  /** Eight groups of seven characters with check characters, joined by dashes. */
  @Override
  public String toString() {
    return KeyText.format(key);
  }
}
