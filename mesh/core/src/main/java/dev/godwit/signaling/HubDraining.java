package dev.godwit.signaling;

import java.time.Duration;

/**
 * The hub is going to be stopped on purpose.
 *
 * @param startsIn when; relayed connections last until then
 * @param lasts how long it expects to be away; zero when it is not known to come back
 */
public record HubDraining(Duration startsIn, Duration lasts) {}
