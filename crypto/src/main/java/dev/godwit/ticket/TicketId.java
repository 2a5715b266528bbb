package dev.godwit.ticket;

import dev.godwit.identity.Octets;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Locale;

/** The number of a ticket in its inviter's book: 8 random bytes. Not a secret. */
public record TicketId(Octets value) {

  /** The number of bytes of a ticket id. */
  public static final int BYTES = 8;

  /** Checks the length. */
  public TicketId {
    value.requireLength(BYTES, "A ticket id");
  }

  /** Takes 8 bytes. */
  public static TicketId of(byte[] bytes) {
    return new TicketId(Octets.of(bytes));
  }

  /** Draws a new one. */
  public static TicketId random(SecureRandom random) {
    return new TicketId(Octets.random(BYTES, random));
  }

  /**
   * Reads 16 hexadecimal digits.
   *
   * @throws IllegalArgumentException when it is anything else
   */
  public static TicketId parse(String text) {
    String digits = text.strip().toLowerCase(Locale.ROOT);
    if (!digits.matches("[0-9a-f]{16}")) {
      throw new IllegalArgumentException("A ticket id has 16 hexadecimal digits.");
    }
    return of(HexFormat.of().parseHex(digits));
  }

  /** A fresh copy of the 8 bytes. */
  public byte[] bytes() {
    return value.toByteArray();
  }

  /** 16 hexadecimal digits. */
  @Override
  public String toString() {
    return value.toHex();
  }
}
