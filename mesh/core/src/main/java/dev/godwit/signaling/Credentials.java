package dev.godwit.signaling;

import dev.godwit.identity.Identity;
import dev.godwit.identity.NodeId;
import dev.godwit.membership.MeshId;
import dev.godwit.seal.InstanceId;
import dev.godwit.seal.SealingKey;

/**
 * As whom a process logs in.
 *
 * @param identity the node's key
 * @param mesh the mesh whose other nodes it wants to see; the hub does not check membership
 * @param instance this process
 * @param sealingKey to which others seal what they send to this process
 */
public record Credentials(
    Identity identity, MeshId mesh, InstanceId instance, SealingKey sealingKey) {

  /** The node. */
  public NodeId node() {
    return identity.id();
  }
}
