/** QUIC: one UDP socket a node, which dials, accepts and speaks STUN. */
@NullMarked
package dev.godwit.quic;

import org.jspecify.annotations.NullMarked;
