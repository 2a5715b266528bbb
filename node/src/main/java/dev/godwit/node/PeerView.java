package dev.godwit.node;

import dev.godwit.identity.NodeId;
import dev.godwit.identity.Octets;
import dev.godwit.signaling.PresentInstance;
import dev.godwit.signaling.proto.OfferedResource;
import java.util.List;

/**
 * A process of a member that is there right now.
 *
 * @param id whose
 * @param name the member's name in the mesh
 * @param process how the hub knows it
 * @param resources what it offers
 * @param place of the folder that has its identity, to be compared; empty when it does not tell
 */
public record PeerView(
    NodeId id,
    String name,
    PresentInstance process,
    List<OfferedResource> resources,
    Octets place) {

  /** Copies the list. */
  public PeerView {
    resources = List.copyOf(resources);
  }

  /** Whether it offers a resource of that name. */
  boolean offers(String resource) {
    return resources.stream().anyMatch(offered -> offered.getName().equals(resource));
  }
}
