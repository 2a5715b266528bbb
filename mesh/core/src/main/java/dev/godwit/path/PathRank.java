package dev.godwit.path;

import dev.godwit.stream.Path;

/**
 * Which of two paths is the better one: a lower rank is better. Straight paths come before those
 * through third parties; among them QUIC is first, since it survives a change of address, and
 * WebRTC last, since it is the slowest.
 */
public final class PathRank {
  static final int WORST = 99;

  private PathRank() {}

  /** The rank of a path. */
  public static int of(Path path) {
    int best = Way.of(path.transport()).map(PathRank::best).orElse(0);
    boolean foreignRelay = path.kind() == Path.Kind.RELAY && best < best(Way.RELAY);
    return foreignRelay ? best(Way.RELAY) + 1 + best : best;
  }

  /** The best rank that a path of this transport can have. */
  public static int best(Way way) {
    return switch (way) {
      case QUIC -> 0;
      case TLS -> 1;
      case WEBRTC -> 2;
      case RELAY -> 10;
    };
  }
}
