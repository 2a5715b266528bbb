package dev.godwit.ticket;

import dev.godwit.identity.Octets;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;

/**
 * What makes a ticket worth something: 16 random bytes. Never printed; compared in constant time.
 */
public record TicketSecret(Octets value) {

  /** The number of bytes of a secret. */
  public static final int BYTES = 16;

  private static final byte[] HASH_PREFIX =
      "Godwit ticket secret\0".getBytes(StandardCharsets.US_ASCII);

  /** Checks the length. */
  public TicketSecret {
    value.requireLength(BYTES, "A ticket's secret");
  }

  /** Takes 16 bytes. */
  public static TicketSecret of(byte[] bytes) {
    return new TicketSecret(Octets.of(bytes));
  }

  /** Draws a new one. */
  public static TicketSecret random(SecureRandom random) {
    return new TicketSecret(Octets.random(BYTES, random));
  }

  /** A fresh copy of the 16 bytes. */
  public byte[] bytes() {
    return value.toByteArray();
  }

  /** A plain hash is enough for 128 random bits: there is nothing to guess. */
  Octets hash() {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(HASH_PREFIX);
      return Octets.of(digest.digest(value.toByteArray()));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("This JDK has no SHA-256.", e);
    }
  }

  /** Does not show the secret. */
  @Override
  public String toString() {
    return "TicketSecret[hidden]";
  }
}
