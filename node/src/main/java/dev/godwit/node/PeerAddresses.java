package dev.godwit.node;

import dev.godwit.path.AddressText;
import dev.godwit.path.Candidate;
import java.net.InetAddress;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which of the addresses that a peer names are tried. A member could name any: what listens on this
 * machine for this machine alone is none of its business.
 */
final class PeerAddresses {
  private static final Logger LOG = LoggerFactory.getLogger(PeerAddresses.class);

  private final Loopback loopback;

  PeerAddresses(Loopback loopback) {
    this.loopback = loopback;
  }

  /** Whether peers can be on this machine's loopback interface. */
  enum Loopback {
    /** The hub is there, so all of the mesh may be. */
    USED,
    /** Peers on this machine are reached by its other addresses. */
    LEFT_ALONE
  }

  /** Those of QUIC that are tried. */
  List<Candidate> candidates(List<Candidate> named) {
    return named.stream().filter(each -> isTried(each.address().getAddress())).toList();
  }

  /** Those of TLS that are tried; what is no address is left out. */
  List<String> tcp(List<String> named) {
    return named.stream().filter(this::isTried).toList();
  }

  private boolean isTried(String named) {
    try {
      return isTried(AddressText.parse(named).getAddress());
    } catch (IllegalArgumentException e) {
      LOG.debug("a peer sent an address that is none", e);
      return false;
    }
  }

  private boolean isTried(InetAddress address) {
    // The system takes "any" for loopback.
    boolean here = address.isLoopbackAddress() || address.isAnyLocalAddress();
    return !address.isMulticastAddress() && (loopback == Loopback.USED || !here);
  }
}
