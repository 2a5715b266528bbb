package dev.godwit.tls;

import dev.godwit.signaling.HubAddress;
import dev.godwit.signaling.RelayPass;

/**
 * Where a relay is, and that it takes us.
 *
 * @param hub whose relay it is
 * @param pass from the present login there
 */
public record RelayAccess(HubAddress hub, RelayPass pass) {}
