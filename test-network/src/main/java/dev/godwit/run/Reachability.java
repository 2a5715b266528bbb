package dev.godwit.run;

import dev.godwit.internet.NatKind;
import dev.godwit.path.Way;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/**
 * Which pairs of NATs a transport can get through, as RFC 4787 and RFC 5128 have it. Written down
 * independently of what the nodes do, to compare with that.
 */
final class Reachability {
  private static final Set<NatKind> WITHOUT_UDP =
      EnumSet.of(NatKind.UDP_BLOCKED, NatKind.TCP_443_ONLY);

  /** They let in only who was sent to from the very endpoint that it sees. */
  private static final Set<NatKind> FILTERING =
      EnumSet.of(NatKind.PORT_RESTRICTED, NatKind.CARRIER_GRADE, NatKind.SYMMETRIC);

  /** As {@link #FILTERING}, for TCP. */
  private static final Set<NatKind> TCP_FILTERING =
      EnumSet.of(
          NatKind.PORT_RESTRICTED, NatKind.CARRIER_GRADE, NatKind.SYMMETRIC, NatKind.UDP_BLOCKED);

  /** Those that have an IPv6 address. */
  private static final Set<NatKind> IPV6 = EnumSet.of(NatKind.NONE, NatKind.IPV6_ONLY);

  private Reachability() {}

  /** Why a transport cannot connect two hosts without a third party; empty when it can. */
  static Optional<String> obstacle(NatKind one, NatKind other, Way way) {
    if ((one == NatKind.IPV6_ONLY && !IPV6.contains(other))
        || (other == NatKind.IPV6_ONLY && !IPV6.contains(one))) {
      return Optional.of("no common address family");
    }
    return switch (way) {
      case QUIC -> udp(one, other);
      case WEBRTC -> ice(one, other);
      case TLS -> tcp(one, other);
      case RELAY -> Optional.of("it is the third party");
    };
  }

  /** ICE goes over UDP, and over TCP to a host that everybody can reach (RFC 6544). */
  private static Optional<String> ice(NatKind one, NatKind other) {
    return EnumSet.of(one, other).equals(EnumSet.of(NatKind.NONE, NatKind.UDP_BLOCKED))
        ? Optional.empty()
        : udp(one, other);
  }

  private static Optional<String> udp(NatKind one, NatKind other) {
    if (WITHOUT_UDP.contains(one) || WITHOUT_UDP.contains(other)) {
      return Optional.of("no UDP");
    }
    if ((one == NatKind.SYMMETRIC && FILTERING.contains(other))
        || (other == NatKind.SYMMETRIC && FILTERING.contains(one))) {
      return Optional.of("the symmetric NAT's port cannot be known to the other's filter");
    }
    return Optional.empty();
  }

  private static Optional<String> tcp(NatKind one, NatKind other) {
    if (one == NatKind.TCP_443_ONLY || other == NatKind.TCP_443_ONLY) {
      return Optional.of("only port 443 gets out, and nodes listen on others");
    }
    if ((one == NatKind.SYMMETRIC && TCP_FILTERING.contains(other))
        || (other == NatKind.SYMMETRIC && TCP_FILTERING.contains(one))) {
      return Optional.of("the symmetric NAT's port cannot be known to the other's filter");
    }
    return Optional.empty();
  }
}
