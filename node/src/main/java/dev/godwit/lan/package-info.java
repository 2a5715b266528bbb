/** Peers on the same LAN find each other without a hub: docs/decisions/013-mdns.md. */
@NullMarked
package dev.godwit.lan;

import org.jspecify.annotations.NullMarked;
