package dev.godwit.path;

import java.net.InetSocketAddress;
import java.util.Optional;

/**
 * What is between a machine and the internet, as far as UDP is concerned, in the terms of RFC 4787.
 *
 * @param outside how the first server that answered saw the socket; empty when none has answered
 */
public record NatBehaviour(
    Mapping mapping, Filtering filtering, Hairpin hairpin, Optional<InetSocketAddress> outside) {

  /** No datagram gets out, or none comes back. */
  public static final NatBehaviour UDP_BLOCKED =
      new NatBehaviour(
          Mapping.UDP_BLOCKED, Filtering.UDP_BLOCKED, Hairpin.UNKNOWN, Optional.empty());

  /** Which outside endpoint a socket gets (RFC 4787, section 4.1). */
  public enum Mapping {
    /** It has its own address. */
    NONE,
    /** Always the same one. */
    ENDPOINT_INDEPENDENT,
    /** Another one towards each destination, or at least towards some. */
    ADDRESS_AND_PORT_DEPENDENT,
    /** Only one server has answered. */
    UNKNOWN,
    /** Nothing has answered. */
    UDP_BLOCKED
  }

  /** Who may answer (RFC 4787, section 5). */
  public enum Filtering {
    /**
     * Everybody. With a server that has one address only: everybody there, whatever the port; a
     * filter by address alone looks the same, and is as good for punching.
     */
    ENDPOINT_INDEPENDENT,
    /** Only from where something was sent to. */
    ADDRESS_AND_PORT_DEPENDENT,
    /** The server does not answer from elsewhere. */
    UNKNOWN,
    /** Nothing has answered. */
    UDP_BLOCKED
  }

  /** Whether machines behind the same NAT reach each other by their outside endpoints. */
  public enum Hairpin {
    /** They do. */
    WORKS,
    /** They do not. */
    MISSING,
    /** There is no NAT, or it has no stable endpoint to try. */
    UNKNOWN
  }

  /**
   * Whether two nodes can reach each other by punching, as RFC 5128 reasons: both have an endpoint
   * that the other one can know, or one of them has and lets everybody in. That a NAT lets
   * everybody in is of no use when answers then come from another port. What is unknown counts as
   * good, since trying costs little.
   */
  public boolean punchesWith(NatBehaviour other) {
    if (mapping == Mapping.UDP_BLOCKED || other.mapping == Mapping.UDP_BLOCKED) {
      return false;
    }
    return isOpen() || other.isOpen() || (isStable() && other.isStable());
  }

  private boolean isOpen() {
    return isStable() && filtering != Filtering.ADDRESS_AND_PORT_DEPENDENT;
  }

  private boolean isStable() {
    return mapping != Mapping.ADDRESS_AND_PORT_DEPENDENT;
  }

  /** A sentence for people about what it means. */
  public String sentence() {
    return switch (mapping) {
      case UDP_BLOCKED ->
          "UDP does not get out of this network, or does not come back: connections need TCP or"
              + " the relay.";
      case UNKNOWN ->
          "This machine is behind a NAT of an unknown kind, because only one port of the hub's STUN"
              + " has answered: punching is tried with every node.";
      case NONE ->
          filtering == Filtering.ADDRESS_AND_PORT_DEPENDENT
              ? "This machine has a public address behind a firewall: punching works with nodes"
                  + " everywhere except behind a symmetric NAT."
              : "This machine has a public address: nodes everywhere can reach it.";
      case ENDPOINT_INDEPENDENT ->
          filtering == Filtering.ADDRESS_AND_PORT_DEPENDENT
              ? "The NAT keeps one outside port per socket: punching works with nodes everywhere"
                  + " except behind a symmetric NAT."
              : "The NAT keeps one outside port per socket and lets everybody in: punching works"
                  + " with nodes everywhere.";
      case ADDRESS_AND_PORT_DEPENDENT ->
          "The NAT is symmetric: punching works with nodes that have a public address or whose NAT"
              + " lets everybody in; the others need TCP or the relay.";
    };
  }
}
