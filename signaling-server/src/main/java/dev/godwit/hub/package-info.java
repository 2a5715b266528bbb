/** The hub: lets nodes find each other and carries messages that it cannot read. */
@NullMarked
package dev.godwit.hub;

import org.jspecify.annotations.NullMarked;
