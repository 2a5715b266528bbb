package dev.godwit.node;

import dev.godwit.path.Candidate;
import dev.godwit.path.CheckToken;
import java.util.List;

/**
 * What two nodes have agreed on through the hub in order to meet: the peer checks our candidates
 * from now on, and we its.
 *
 * @param candidates of the peer
 * @param token what both show in their checks
 */
record Rendezvous(List<Candidate> candidates, CheckToken token) {}
