package dev.godwit.node;

import dev.godwit.path.Candidate;
import java.util.List;

/**
 * Where a peer that we have asked to meet may be reached; it checks our candidates from now on, and
 * dials us where it can.
 *
 * @param candidates of its QUIC socket
 * @param tcp addresses at which it accepts TLS
 */
record Rendezvous(List<Candidate> candidates, List<String> tcp) {}
