package dev.godwit.signaling;

import dev.godwit.identity.NodeId;
import dev.godwit.identity.Octets;
import dev.godwit.seal.InstanceId;

/**
 * A box that the hub delivered.
 *
 * @param from who sent it, as the hub says
 * @param fromInstance which process of it, as the hub says
 * @param box sealed; who sealed it is proven by opening it
 */
public record SealedDelivery(NodeId from, InstanceId fromInstance, Octets box) {}
