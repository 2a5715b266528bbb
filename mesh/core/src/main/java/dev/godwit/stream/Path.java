package dev.godwit.stream;

import java.util.Locale;

/**
 * How two nodes reach each other right now.
 *
 * @param kind how the way was found
 * @param transport the transport's name as users write it: {@code quic}, {@code webrtc}, {@code
 *     tls}, {@code memory}
 * @param remote the peer's address in text, for people
 */
public record Path(Kind kind, String transport, String remote) {

  /** How the way was found. */
  public enum Kind {
    /** Straight to an address that the peer has. */
    DIRECT,
    /** Through address translators that were opened from both sides. */
    PUNCHED,
    /** Through the hub. */
    RELAY;

    /** The word that messages and JSON use. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  @Override
  public String toString() {
    return (kind.word().equals(transport) ? "" : kind.word() + " ") + transport + " " + remote;
  }
}
