package dev.godwit.stun;

/** The four classes of STUN messages (RFC 8489, section 5). */
public enum StunClass {
  /** Wants a response. */
  REQUEST(0x0000),
  /** Wants nothing. */
  INDICATION(0x0010),
  /** The request was served. */
  SUCCESS(0x0100),
  /** The request was not served. */
  ERROR(0x0110);

  /** The two class bits within the message type. */
  static final int MASK = 0x0110;

  private final int bits;

  StunClass(int bits) {
    this.bits = bits;
  }

  int bits() {
    return bits;
  }

  static StunClass of(int type) {
    return switch (type & MASK) {
      case 0x0000 -> REQUEST;
      case 0x0010 -> INDICATION;
      case 0x0100 -> SUCCESS;
      default -> ERROR;
    };
  }
}
