package dev.godwit.node;

import dev.godwit.path.Candidate;
import java.net.InetAddress;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Where a peer that we have asked to meet may be reached; it checks our candidates from now on, and
 * dials us where it can.
 *
 * @param candidates of its QUIC socket
 * @param tcp addresses at which it accepts TLS
 */
record Rendezvous(List<Candidate> candidates, List<String> tcp) {
  /** The addresses that the peer's machine has itself. */
  Set<InetAddress> machine() {
    return candidates.stream()
        .filter(candidate -> candidate.kind() == Candidate.Kind.HOST)
        .map(candidate -> candidate.address().getAddress())
        .collect(Collectors.toUnmodifiableSet());
  }
}
