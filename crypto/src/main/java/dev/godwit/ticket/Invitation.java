package dev.godwit.ticket;

import dev.godwit.identity.HubFingerprint;
import dev.godwit.identity.NodeId;
import dev.godwit.membership.Grant;
import dev.godwit.membership.Label;
import dev.godwit.membership.MeshId;
import java.time.Instant;
import java.util.List;

/**
 * What an inviter decides before it writes a ticket.
 *
 * @param mesh the mesh to join
 * @param meshName what people call the mesh
 * @param inviter the node whose book the ticket goes into
 * @param hubs 1 to {@link Ticket#MAX_HUBS} addresses {@code host:port}
 * @param hubFingerprint how to recognize the hub
 * @param name the name that the joiner gets: 1 to 63 characters a-z, 0-9 and -
 * @param grants what the joiner may do, at most {@link Grant#MAX_GRANTS}
 * @param expiry the first moment at which the ticket is worth nothing
 */
public record Invitation(
    MeshId mesh,
    String meshName,
    NodeId inviter,
    List<String> hubs,
    HubFingerprint hubFingerprint,
    String name,
    List<Grant> grants,
    Instant expiry) {

  /** Checks name and grants of the joiner, and copies the lists; the ticket checks the rest. */
  public Invitation {
    Label.require(name);
    hubs = List.copyOf(hubs);
    grants = List.copyOf(grants);
    if (grants.size() > Grant.MAX_GRANTS) {
      throw new IllegalArgumentException(
          "A member has at most " + Grant.MAX_GRANTS + " grants, not " + grants.size() + ".");
    }
  }

  Ticket ticket(TicketId id, TicketSecret secret) {
    return new Ticket(mesh, meshName, inviter, hubs, hubFingerprint, id, secret, expiry);
  }
}
