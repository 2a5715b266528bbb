package dev.godwit.path;

import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/**
 * Which ways to a peer may be used.
 *
 * @param ways the transports
 * @param reach whether to go straight or through a third party
 */
public record PathPolicy(Set<Way> ways, Reach reach) {

  /** Whether third parties may carry what is said. */
  public enum Reach {
    /** Whatever works. */
    ANY,
    /** Straight to the peer or not at all. */
    DIRECT_ONLY,
    /** Never straight to the peer, which does not learn our address from us. */
    RELAY_ONLY
  }

  /** Everything is allowed. */
  public static final PathPolicy ANY = new PathPolicy(EnumSet.allOf(Way.class), Reach.ANY);

  /**
   * Copies the set.
   *
   * @throws IllegalArgumentException when no way is left
   */
  public PathPolicy {
    EnumSet<Way> left = EnumSet.copyOf(ways);
    switch (reach) {
      case ANY -> {
        // Nothing to take out.
      }
      case DIRECT_ONLY -> left.remove(Way.RELAY);
      case RELAY_ONLY -> left.retainAll(EnumSet.of(Way.RELAY));
    }
    if (left.isEmpty()) {
      throw new IllegalArgumentException("these options together leave no way to a peer");
    }
    ways = Set.copyOf(left);
  }

  /** Only this transport. */
  public static PathPolicy only(Way way) {
    return new PathPolicy(EnumSet.of(way), Reach.ANY);
  }

  /** The same without one transport; empty when none is left. */
  public Optional<PathPolicy> without(Way way) {
    EnumSet<Way> left = EnumSet.copyOf(ways);
    left.remove(way);
    return left.isEmpty() ? Optional.empty() : Optional.of(new PathPolicy(left, reach));
  }

  /** Whether this transport may be used. */
  public boolean permits(Way way) {
    return ways.contains(way);
  }

  /** The rank of the best path that is allowed; see {@link PathRank}. */
  public int bestRank() {
    return ways.stream().mapToInt(PathRank::best).min().orElse(PathRank.WORST);
  }
}
