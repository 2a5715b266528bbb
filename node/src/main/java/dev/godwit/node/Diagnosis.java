package dev.godwit.node;

import dev.godwit.path.AddressText;
import dev.godwit.path.NatBehaviour;
import dev.godwit.portmap.PortMapping;
import dev.godwit.signaling.RelayOffer;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;

/**
 * What a network allows.
 *
 * @param seen how the hub sees this node over TCP
 * @param addresses of this machine, with the node's UDP port
 * @param nat what is between this machine and the internet
 * @param mapping what a router in front of it opens on request; empty when none answers
 * @param relay empty when the hub relays nothing
 */
public record Diagnosis(
    InetSocketAddress seen,
    List<String> addresses,
    NatBehaviour nat,
    Optional<PortMapping.Mapping> mapping,
    Optional<RelayOffer> relay) {

  /** Copies the list. */
  public Diagnosis {
    addresses = List.copyOf(addresses);
  }

  /** What it means for the user, in a sentence or two. */
  public String meaning() {
    if (seen.getAddress().isLoopbackAddress()) {
      return "The hub is on this machine, which says nothing of how it looks from outside.";
    }
    return AddressText.remark(seen.getAddress()).isEmpty()
        ? nat.sentence()
        : "The hub sees this machine at a private address, so they are in one network: nodes in it"
            + " reach each other, and nothing is known of how this machine looks from outside.";
  }
}
