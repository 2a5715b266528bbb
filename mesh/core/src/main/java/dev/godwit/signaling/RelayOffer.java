package dev.godwit.signaling;

/**
 * That a hub relays, and for whom it takes us.
 *
 * @param pass to show on the connections to be relayed
 * @param limits what it grants
 */
public record RelayOffer(RelayPass pass, RelayLimits limits) {}
