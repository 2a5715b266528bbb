/** The STUN messages (RFC 8489) by which a node learns how it is seen from outside. */
@NullMarked
package dev.godwit.stun;

import org.jspecify.annotations.NullMarked;
