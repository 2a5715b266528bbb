/**
 * The node's side of the hub: finding other nodes and asking them things that the hub cannot read.
 */
@NullMarked
package dev.godwit.signaling;

import org.jspecify.annotations.NullMarked;
