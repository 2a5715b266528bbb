package dev.godwit.path;

import java.net.InetSocketAddress;

/**
 * A UDP address at which a node may be reachable (RFC 8445, section 2.1).
 *
 * @param kind how it was learned
 * @param address resolved, with a port
 */
public record Candidate(Kind kind, InetSocketAddress address) {

  /** How a candidate was learned. */
  public enum Kind {
    /** An address of the node's own machine. */
    HOST,
    /** How a STUN server sees the node: an address of the NAT in front of it. */
    REFLEXIVE,
    /** From where a check of the node came, though nobody had announced it. */
    PEER_REFLEXIVE
  }

  /** Checks that the address is resolved. */
  public Candidate {
    if (address.isUnresolved() || address.getPort() == 0) {
      throw new IllegalArgumentException("A candidate needs an address and a port: " + address);
    }
  }
}
