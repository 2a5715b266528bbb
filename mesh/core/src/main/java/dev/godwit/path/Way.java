package dev.godwit.path;

import java.util.Locale;
import java.util.Optional;

/** The transports that nodes reach each other by, as users name them. */
public enum Way {
  /** QUIC over UDP. */
  QUIC,
  /** TLS over TCP. */
  TLS,
  /** WebRTC data channels. */
  WEBRTC,
  /** TLS through the relay of the hub. */
  RELAY;

  /** The word that users write and read; also {@link dev.godwit.stream.Transport#name}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The way of that word. */
  public static Optional<Way> of(String word) {
    for (Way way : values()) {
      if (way.word().equals(word)) {
        return Optional.of(way);
      }
    }
    return Optional.empty();
  }
}
