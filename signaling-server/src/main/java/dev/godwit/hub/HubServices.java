package dev.godwit.hub;

import dev.godwit.identity.HubFingerprint;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/** What every connection of a hub has in common. */
record HubServices(
    HubFingerprint fingerprint,
    HubLimits limits,
    AddressQuota quota,
    Presence presence,
    RevocationBoard revocations,
    Router router,
    Optional<Relay> relay,
    List<Integer> stunPorts,
    InstantSource clock,
    SecureRandom random) {}
