/** Invitations: how a node that nobody knows yet gets into a mesh. */
@NullMarked
package dev.godwit.ticket;

import org.jspecify.annotations.NullMarked;
