/** Ports that the router in front of this machine passes on, because it was asked to. */
@NullMarked
package dev.godwit.portmap;

import org.jspecify.annotations.NullMarked;
